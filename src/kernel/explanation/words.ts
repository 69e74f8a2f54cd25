import type { RouteQuestion } from '../question.js';
import type { Hop, Verdict, VerdictName } from '../verdict.js';

/** Verdicts by which the packet goes on, be it to the node itself. */
export const PASSES: ReadonlySet<VerdictName> = new Set(['local', 'broadcast', 'forward', 'output']);

/** The packet that a question is about. */
export function packetText(
  { from, to, iif, oif, mark, tos, protocol, sourcePort, destinationPort, uid }: RouteQuestion,
  verdict: Verdict,
): string {
  const source = from ?? (iif === null ? verdict.preferredSource : null);
  const chosen = from === null && source !== null ? ' (the source that the kernel chooses)' : '';
  const details = [
    mark === undefined ? '' : `mark 0x${mark.toString(16)}`,
    tos === undefined ? '' : `TOS 0x${tos.toString(16)}`,
    protocol ?? '',
    sourcePort === undefined ? '' : `source port ${sourcePort}`,
    destinationPort === undefined ? '' : `destination port ${destinationPort}`,
    uid === undefined ? '' : `user ${uid}`,
  ].filter((part) => part !== '');
  const way =
    iif !== null
      ? `came in by ${iif}`
      : oif !== null
        ? `sent by the node on ${oif}`
        : 'sent by the node itself';
  return `${source ?? 'any source'}${chosen} > ${to}, ${[way, ...details].join(', ')}`;
}

/** What becomes of the packet, and why. */
export function sentence({ to, from, iif }: RouteQuestion, { verdict, hops, why }: Verdict): string {
  const ways = hops.map(hopText).join(', or ');
  const text: Record<VerdictName, string> = {
    local: `The packet is for the node itself`,
    broadcast: `The packet is taken as a broadcast`,
    forward: `The packet is passed on by ${ways}`,
    output: `The packet leaves by ${ways}`,
    'rp-filter': `The packet is dropped by the reverse-path check (rp_filter) on ${iif}`,
    'martian-source': `The packet is dropped for its source${from === null ? '' : ` ${from}`}`,
    'martian-destination': `The packet is dropped for its destination ${to}`,
    'no-route': `The packet is dropped: no route leads to ${to}`,
    'forwarding-off': `The packet is dropped: it is not for the node, and ${iif} passes nothing on`,
    prohibit: 'The packet is refused by a rule or route that prohibits it',
    blackhole: 'The packet is dropped by a rule or route made for that',
    unreachable: `The packet is refused: ${to} is unreachable from here`,
  };
  return `${text[verdict]}: ${why}`;
}

export function hopText({ dev, via }: Hop): string {
  return via === null ? `${dev}, on its link` : `${dev} to the next hop ${via}`;
}

/** To ask the kernel itself; null where a name would need quotes, as none that Linux' tools make does. */
export function command({
  to,
  from,
  iif,
  oif,
  mark,
  tos,
  protocol,
  sourcePort,
  destinationPort,
  uid,
}: RouteQuestion): string | null {
  const names = [iif, oif].filter((name) => name !== null);
  if (!names.every((name) => /^[\w.@:-]+$/.test(name))) return null;
  const words = [
    `ip ${to.includes(':') ? '-6 ' : ''}route get ${to}`,
    from === null ? '' : `from ${from}`,
    iif === null ? '' : `iif ${iif}`,
    oif === null ? '' : `oif ${oif}`,
    tos ? `tos 0x${tos.toString(16)}` : '',
    mark ? `mark 0x${mark.toString(16)}` : '',
    uid === undefined ? '' : `uid ${uid}`,
    protocol !== undefined && /^[\w-]+$/.test(protocol) ? `ipproto ${protocol}` : '',
    sourcePort === undefined ? '' : `sport ${sourcePort}`,
    destinationPort === undefined ? '' : `dport ${destinationPort}`,
  ];
  return words.filter((word) => word !== '').join(' ');
}
