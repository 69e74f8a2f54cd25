/** Counters as the kernel itself prints them, in `/proc/net`. */

/** Names in one line and values in the next, or a line a counter as in `/proc/net/snmp6`. */
const FIRST = /^(?:(\w+): [A-Z]\w*(?: \w+)*\n\1:(?: -?\d+)+\s*$|Ip6\w+[ \t]+\d+\s*$)/m;

/** Whether it is the text of `/proc/net/snmp`, `/proc/net/netstat` or `/proc/net/snmp6`, or of several. */
export function isProcNet(text: string): boolean {
  return FIRST.test(text);
}

/**
 * `/proc/net/snmp`, `/proc/net/netstat` (two lines a protocol: names, values) or `/proc/net/snmp6` (a line a counter),
 * as `nstat` prints them.
 */
export function nstatLines(text: string): string {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  const counters = lines.flatMap((words, i): [string, string][] => {
    const [first = '', ...rest] = words;
    if (!first.endsWith(':')) return rest.length === 1 ? [[first, rest[0]!]] : [];
    const values = lines[i + 1] ?? [];
    // The names come first, the values after them.
    if (values[0] !== first || /^-?\d+$/.test(rest[0] ?? '')) return [];
    return rest.map((name, k) => [first.slice(0, -1) + name, values[k + 1] ?? '0']);
  });
  // -1 is the kernel's word for no limit (TcpMaxConn), and no count.
  const counts = counters.filter(([, value]) => /^\d+$/.test(value));
  return counts.map(([name, value]) => `${name} ${value} 0.0\n`).join('');
}
