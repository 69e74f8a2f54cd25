import { CLIENT } from './addresses.js';
import type { Expectation, NodeName, Scenario } from './scenario.js';

/** What the client is sent to do. */
export interface Errand {
  address: string;
  port: number;
  sourcePorts: number[];
  staggerMs: number;
  timeoutMs: number;
}

/** What came of one connection, as the client saw it. */
export interface ClientResult {
  sourcePort: number;
  result: 'connected' | 'timeout' | 'refused' | 'reset';
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
  port: number;
  healthy: boolean;
  expect: Expectation | null;
  client: ClientResult[];
  /** How far each counter of `COUNTERS` moved. */
  counters: Partial<Record<NodeName, Record<string, number>>>;
}

/** The counters that tell of lost packets, by their names in nstat. */
export const COUNTERS = [
  'TcpExtIPReversePathFilter',
  'IpExtInNoRoutes',
  'IpOutNoRoutes',
  'IpInAddrErrors',
  'IpInDiscards',
  'IcmpOutDestUnreachs',
  'TcpRetransSegs',
  'TcpOutRsts',
];

/** How far the counters moved between two outputs of `nstat --json`. */
export function counterDeltas(before: string, after: string): Record<string, number> {
  const [old, now] = [before, after].map((text) => JSON.parse(text).kernel as Record<string, number>);
  return Object.fromEntries(COUNTERS.map((name) => [name, (now![name] ?? 0) - (old![name] ?? 0)]));
}

/** What the kernel said beside its counters; both are the whole machine's. */
export interface Witnesses {
  kernelLog: string;
  /** Null where drops were not recorded. */
  drops: string | null;
}

/**
 * Compares what should have happened with what did.
 *
 * @returns a line for each contradiction; none where the recording may be kept
 */
export function contradictions(scenario: Scenario, truth: Truth, witnesses: Witnesses): string[] {
  const found: string[] = [];
  const must = (holds: boolean, otherwise: string) => {
    if (!holds) found.push(otherwise);
  };
  const count = (result: ClientResult['result']) => truth.client.filter((c) => c.result === result).length;
  const connected = count('connected');
  const failed = truth.client.length - connected;
  const filterNode = scenario.expect?.cause === 'rp-filter' ? scenario.expect.node : null;

  if (!scenario.expect) must(failed === 0, `${failed} connections failed on healthy ground`);
  else {
    must(failed > 0, 'every connection was made in spite of the fault');
    must(connected > 0 === scenario.intermittent, `${connected} connections were made`);
    const result = scenario.expect.cause === 'refused' ? 'refused' : 'timeout';
    const otherwise = failed - count(result);
    must(otherwise === 0, `${otherwise} connections failed otherwise than by ${result}`);
  }

  for (const [node, counters] of Object.entries(truth.counters)) {
    const drops = counters.TcpExtIPReversePathFilter!;
    if (node === filterNode)
      must(drops >= failed, `${drops} rp_filter drops on ${node} for ${failed} failures`);
    else must(drops === 0, `${drops} rp_filter drops on ${node}, where there should be none`);
  }

  if (filterNode) {
    const martian = ` from ${CLIENT}, on dev ${scenario.expect!.interface}\n`;
    const logged = witnesses.kernelLog.includes(martian);
    must(!logged || scenario.logMartians, 'the kernel logged martians, which it was told not to');
    must(
      logged || !scenario.logMartians,
      `no martian line for ${scenario.expect!.interface} in the kernel log`,
    );
    const { drops } = witnesses;
    must(drops === null || drops.includes('IP_RPFILTER'), 'no IP_RPFILTER in drops.txt');
  }
  return found;
}
