/** What must have happened for a recording to be what its scenario says: by the kernels and the client, no analysis. */
import type { CauseId } from '../../src/model/analysis.js';
import { type Expectation, expectations, type Scenario } from './scenario.js';
import type { ClientResult, Truth } from './truth.js';

/** What the kernel said beside its counters; both are the whole machine's. */
export interface Witnesses {
  kernelLog: string;
  /** Null where drops were not recorded. */
  drops: string | null;
}

interface Scene {
  scenario: Scenario;
  truth: Truth;
  witnesses: Witnesses;
  /** Connections that failed. */
  failed: number;
}

/** A line for each thing that speaks against an expectation; none where the kernel agrees. */
type Proof = (expected: Expectation, scene: Scene) => string[];

/**
 * By cause. Those that are not here leave no trace in the kernels of the nodes: there the client's results, and that
 * no counter of another cause moved, are all there is.
 */
const PROOFS: Partial<Record<CauseId, Proof>> = {
  'rp-filter': ({ node, interface: device }, { scenario, truth, witnesses, failed }) => {
    const found: string[] = [];
    const drops = truth.counters[node!]!.TcpExtIPReversePathFilter!;
    // Two faults share the failures.
    const least = scenario.also || scenario.slow ? 1 : failed;
    if (drops < least) found.push(`${drops} rp_filter drops on ${node} for ${failed} failures`);
    const logged = martian(witnesses).some((line) => line.endsWith(`, on dev ${device}`));
    if (scenario.logMartians !== logged) {
      found.push(`${logged ? 'a' : 'no'} martian line for ${device} in the kernel log`);
    }
    if (witnesses.drops !== null && !witnesses.drops.includes('IP_RPFILTER')) {
      found.push('no IP_RPFILTER in drops.txt');
    }
    return found;
  },
  'netfilter-rpfilter': counted,
  filtered: counted,
  'forwarding-off': moved('IpInAddrErrors', 'Ip6InAddrErrors'),
  'no-route': moved('IpExtInNoRoutes', 'IpOutNoRoutes', 'Ip6InNoRoutes', 'Ip6OutNoRoutes'),
};

function martian({ kernelLog }: Witnesses): string[] {
  return kernelLog.split('\n').filter((line) => line.includes(' martian source '));
}

function counted({ node }: Expectation, { truth }: Scene): string[] {
  const packets = truth.filtered[node!]!;
  return packets > 0 ? [] : [`no rule of ${node} counted a packet that it dropped`];
}

function moved(...names: string[]): Proof {
  return ({ node }, { truth }) => {
    const counters = truth.counters[node!]!;
    return names.some((name) => counters[name]! > 0) ? [] : [`none of ${names.join(', ')} moved on ${node}`];
  };
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
  const faults = expectations(scenario);

  if (faults.length === 0) must(failed === 0, `${failed} connections failed on healthy ground`);
  else {
    must(failed > 0, 'every connection was made in spite of the fault');
    must(connected > 0 === scenario.intermittent, `${connected} connections were made`);
    if (!scenario.also) {
      const result = scenario.fails ?? 'timeout';
      // A connection that was made before the address changed hands is reset.
      const reset = result === 'refused' && scenario.intermittent ? count('reset') : 0;
      const otherwise = failed - count(result) - reset;
      must(otherwise === 0, `${otherwise} connections failed otherwise than by ${result}`);
    }
  }
  if (scenario.slow) {
    const late = truth.client.filter((c) => c.result === 'connected' && c.milliseconds >= 900).length;
    must(late > 0, 'no connection was late');
  }

  const filters = faults.filter(({ cause }) => cause === 'rp-filter').map(({ node }) => node);
  for (const [node, counters] of Object.entries(truth.counters)) {
    const drops = counters.TcpExtIPReversePathFilter!;
    const may = filters.includes(node) || scenario.slow === 'rp-filter';
    must(may || drops === 0, `${drops} rp_filter drops on ${node}, where there should be none`);
  }

  const scene = { scenario, truth, witnesses, failed };
  for (const expected of scenario.uncounted ? [] : faults)
    found.push(...(PROOFS[expected.cause]?.(expected, scene) ?? []));
  return found;
}
