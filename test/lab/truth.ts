import type { Expectation } from './scenario.js';

/** What the client is sent to do. */
export interface Errand {
  protocol: 'tcp' | 'udp' | 'icmp';
  address: string;
  port: number;
  /** Or identifiers, for ICMP echo. */
  sourcePorts: number[];
  staggerMs: number;
  timeoutMs: number;
  /** Of TCP: between the handshake and the request. */
  pauseMs?: number;
  /** Of TCP: what the request is made longer by. */
  cookieOctets?: number;
  /** Of TCP: the response's, of which the server then keeps the connection alive, */
  responseOctets?: number;
  /** or closes it behind. */
  closes?: true;
}

/** What came of one connection, as the client saw it. */
export interface ClientResult {
  sourcePort: number;
  result: 'connected' | 'timeout' | 'refused' | 'reset' | 'unreachable';
  /** Until the whole response was there, or the failure. */
  milliseconds: number;
  /** Who answered, by its own word; null where nobody did. */
  server: string | null;
}

/** truth.json: what happened, by the client's results and the kernels' counters. */
export interface Truth {
  scenario: string;
  description: string;
  vip: string;
  protocol: Errand['protocol'];
  port: number;
  /** The client's address. */
  from: string;
  healthy: boolean;
  expect: Expectation | null;
  also: readonly Expectation[];
  client: ClientResult[];
  /** How far each counter of `COUNTERS` moved, by node. */
  counters: Record<string, Record<string, number>>;
  /** How many packets the rules of each node, and of the namespaces recorded with it, that drop or reject counted. */
  filtered: Record<string, number>;
}

/** The counters that tell of lost packets, by their names in nstat. */
export const COUNTERS = [
  'TcpExtIPReversePathFilter',
  'IpExtInNoRoutes',
  'IpOutNoRoutes',
  'IpInAddrErrors',
  'IpInDiscards',
  'Ip6InNoRoutes',
  'Ip6OutNoRoutes',
  'Ip6InAddrErrors',
  'Ip6InDiscards',
  'IcmpOutDestUnreachs',
  'Icmp6OutDestUnreachs',
  'TcpRetransSegs',
  'TcpOutRsts',
];

/** How far the counters moved between two outputs of `nstat --json`. */
export function counterDeltas(before: string, after: string): Record<string, number> {
  const [old, now] = [before, after].map((text) => JSON.parse(text).kernel as Record<string, number>);
  return Object.fromEntries(COUNTERS.map((name) => [name, (now![name] ?? 0) - (old![name] ?? 0)]));
}

/** The packets that rules with a counter have dropped or rejected, by the text of `nft list ruleset`. */
export function packetsFiltered(ruleset: string): number {
  const rules = ruleset.split('\n').filter((line) => /\b(drop|reject|REJECT)\b/.test(line));
  return rules.reduce((sum, line) => sum + Number(/counter packets (\d+)/.exec(line)?.[1] ?? 0), 0);
}
