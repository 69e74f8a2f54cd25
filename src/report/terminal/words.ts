import type {
  Analysis,
  AnalysisAttempt,
  AnalysisTotal,
  CauseId,
  Endpoint,
  Finding,
  Outcome,
  PathStep,
  Role,
} from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import { parseTime } from '../../model/time.js';
import { isSlow } from '../shown-attempts.js';

/** `10.0.0.5:40000`, `[2001:db8::5]:40000`, or the bare address where there is no port. */
export function endpointText({ address, port }: Endpoint): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `10.0.0.5:40000 > 192.168.1.100:80`, as tcpdump writes it. */
export function flowText(source: Endpoint, destination: Endpoint): string {
  return `${endpointText(source)} > ${endpointText(destination)}`;
}

/** `node1 eth0`, or what of it is known. */
export function placeText(node: string | null, interfaceName: string | null): string {
  return [node, interfaceName].filter((part) => part !== null).join(' ') || 'an unknown place';
}

/** `node1`, or `node1/pod1` for another network namespace of the node. */
export function nodeText({ node, netns }: { node: string | null; netns?: string | null }): string | null {
  return node === null ? null : stationLabel(node, netns ?? null);
}

/** `1 connection`, `2 connections`; thousands are set apart. */
export function counted(count: number, noun: string): string {
  return `${numberText(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** What the step's packet is called: `SYN`, `SYN-ACK`, or `request`, `reply` where the protocol is not TCP. */
export function packetName(protocol: string, role: Role): string {
  if (protocol !== 'tcp') return role;
  return role === 'request' ? 'SYN' : 'SYN-ACK';
}

/** Milliseconds between two RFC 3339 times; null where one of them is missing or damaged. */
export function millisecondsBetween(from: string | null, to: string | null): number | null {
  const start = from === null ? null : parseTime(from);
  const end = to === null ? null : parseTime(to);
  return start === null || end === null ? null : Number(end - start) / 1e6;
}

/** `01-31 23:59:59`: the year is in every other time of the report, and fractions tell nothing apart. */
export function shortTimeText(time: string | null): string {
  const plain = time?.replace(/^\d{4}-/, '').replace('T', ' ');
  return plain?.replace(/\.\d+Z$/, '') ?? '-';
}

/** A length of time in the unit that suits it: `950 ns`, `12.3 us`, `4.0 ms`, `1.5 s`, `2.0 h`. */
export function durationText(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e3) return `${ns} ns`;
  if (size < 1e6) return `${(ns / 1e3).toFixed(1)} us`;
  if (size < 1e9) return `${(ns / 1e6).toFixed(1)} ms`;
  if (size < 7200e9) return `${(ns / 1e9).toFixed(1)} s`;
  return `${(ns / 3600e9).toFixed(1)} h`;
}

/** `3 no-reply, 1 refused`, the most frequent first, none of the zeroes. */
export function outcomesText(outcomes: Record<Outcome, number>, leaveOut: Outcome[] = []): string {
  return (Object.entries(outcomes) as [Outcome, number][])
    .filter(([outcome, count]) => count > 0 && !leaveOut.includes(outcome))
    .sort(([, a], [, b]) => b - a)
    .map(([outcome, count]) => `${numberText(count)} ${outcome}`)
    .join(', ');
}

/** Whether it went well: UDP and pings acknowledge nothing, so that an answer is all that can be asked of them. */
export function gradeOf(attempt: AnalysisAttempt, isStuck: boolean): 'ok' | 'risk' | 'fault' {
  if (isStuck) return 'fault';
  if (isSlow(attempt)) return 'risk';
  if (attempt.outcome === 'established') return 'ok';
  return attempt.outcome === 'unacknowledged' && attempt.protocol !== 'tcp' ? 'risk' : 'fault';
}

/** Of the established, those that were made after lost packets alone. */
export function slowCount(totals: readonly AnalysisTotal[]): number {
  return totals.reduce((sum, { slow = 0 }) => sum + slow, 0);
}

/** How it ended, and that it was of no use where it was established and got no further. */
export function outcomeText({ outcome }: AnalysisAttempt, isStuck: boolean): string {
  return isStuck ? `${outcome}, stuck` : outcome;
}

/**
 * Which packet of the attempt got nowhere: the reply where one was sent, else the request. Of a slow attempt, the
 * request where it was sent again before any reply was.
 */
export function lostRole(attempt: AnalysisAttempt): Role {
  const reply = attempt.path.find((step) => step.role === 'reply');
  if (!reply) return 'request';
  const again = attempt.path.find((step) => step.role === 'request' && step.try > 1);
  const unanswered = isSlow(attempt) && again && (millisecondsBetween(again.time, reply.time) ?? -1) >= 0;
  return unanswered ? 'request' : 'reply';
}

/** These are losses of one packet, on its way into a node or out of it. */
const DROPS: ReadonlySet<CauseId> = new Set(['forwarding-off', 'no-route', 'filtered']);

/**
 * Which packets a finding is about. Of a reply that a node never let out, no capture shows anything: the request is seen
 * on its way in, and the finding is at no interface, for what is lost came in by none.
 */
export function lostPackets(
  { cause, node, netns, interface: name }: Finding,
  attempt: AnalysisAttempt,
): Role {
  const last = lastSighting(attempt);
  const isOwnReply =
    DROPS.has(cause) &&
    name === null &&
    node !== null &&
    last?.direction === 'in' &&
    last.interface !== null &&
    last.node === node &&
    (last.netns ?? null) === (netns ?? null);
  return isOwnReply ? 'reply' : lostRole(attempt);
}

/** Where in the path the packet that got nowhere was seen last; -1 where the path is empty. */
export function lastSightingIndex(attempt: AnalysisAttempt): number {
  const { path } = attempt;
  const role = lostRole(attempt);
  const lastOf = (of: (step: PathStep) => boolean) => {
    const passed = path.findLastIndex((step) => of(step) && !step.overheard);
    return passed >= 0 ? passed : path.findLastIndex(of);
  };
  const lost = isSlow(attempt) ? lastOf((step) => step.role === role && step.try === 1) : -1;
  return lost >= 0 ? lost : lastOf((step) => step.role === role);
}

/** The last sighting of the packet that got nowhere; null where the path is empty. */
export function lastSighting(attempt: AnalysisAttempt): PathStep | null {
  return attempt.path[lastSightingIndex(attempt)] ?? null;
}

/** Whether all that it is of was made in the end: nothing was lost but time. */
export function isLate({ attempts, slow = 0 }: Finding): boolean {
  return slow > 0 && slow >= attempts.length;
}

/**
 * What clients asked for where that is no VIP; null where no attempt is at hand.
 *
 * @param attempts those that are at hand
 * @param areAll else nothing tells how many servers there are
 */
export function serversText(attempts: readonly AnalysisAttempt[], areAll: boolean): string | null {
  // Most share theirs: fewer texts are made.
  const servers = new Set<Endpoint>();
  for (const { server } of attempts) servers.add(server);
  const [first, ...more] = new Set([...servers].map(endpointText));
  if (first === undefined) return null;
  if (more.length === 0) return first;
  return `${first} and ${areAll ? counted(more.length, 'other server') : 'other servers'}`;
}

/** The VIP of a line of totals, or else the one server that its attempts asked for. */
export function totalText(total: AnalysisTotal, analysis: Analysis): string {
  if (total.vip !== null) return total.vip;
  const server = soleServer(total, analysis);
  return server === null ? '(others)' : `(${server})`;
}

/** The server of attempts without a VIP, where it is one; null where not all of them are at hand. */
export function soleServer({ protocol, outcomes }: AnalysisTotal, { attempts }: Analysis): string | null {
  const own = attempts.filter((attempt) => attempt.vip === null && attempt.protocol === protocol);
  const isWhole = own.length === Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  const servers = new Set(own.map(({ server }) => endpointText(server)));
  return isWhole && servers.size === 1 ? [...servers][0]! : null;
}

/** `rp-filter (confirmed)` */
export function causeText({ cause, confidence, severity }: Finding): string {
  if (cause !== 'undetermined') return `${cause} (${confidence})`;
  // Of what is told for information it is not known that anything went wrong.
  return severity === 'info' ? cause : `cause ${cause}`;
}

/** The archives that end early, as a sentence begins. */
export function cutOffArchives(gaps: Analysis['gaps']): string[] {
  return gaps
    .filter(({ cutOff }) => cutOff === true)
    .map(({ node }) => (node === null ? 'An archive' : `The archive of ${node}`));
}
