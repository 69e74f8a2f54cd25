/**
 * The packet mark of a reply, where mangle rules put a mark on the connection by the interface that the request
 * came in by, and restore it on the reply: the usual way to send replies back where requests came from.
 *
 * Only plain rules of PREROUTING are followed (an interface, no other match); what else a rule set does with
 * marks is not known here.
 */
export function restoredMark(iptables: string, requestInterface: string, replyInterface: string): number {
  let table = '';
  let connectionMark = 0;
  let restores = false;
  for (const line of iptables.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    if (table !== 'mangle' || !line.startsWith('-A PREROUTING ')) continue;
    const words = line.split(' ').slice(2);
    const input = words[0] === '-i' ? words[1] : null;
    const rest = input === null ? words : words.slice(2);
    if (rest[0] !== '-j' || rest[1] !== 'CONNMARK') continue;
    if (rest[2] === '--set-xmark' && (input === null || input === requestInterface)) {
      connectionMark = parseMark(rest[3]);
    }
    if (rest[2] === '--restore-mark' && (input === null || input === replyInterface)) restores = true;
  }
  return restores ? connectionMark : 0;
}

/** `0x100/0xffffffff`. */
function parseMark(text = ''): number {
  const value = Number(text.split('/')[0]);
  return Number.isInteger(value) ? value : 0;
}
