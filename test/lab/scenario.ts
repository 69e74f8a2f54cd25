/** What a scenario is: a ground, what is set on it, how it is recorded, and what must come of it. */
import type { CauseId, Claimant, Outcome } from '../../src/model/analysis.js';
import type { Ground } from './ground.js';
import type { Plan, Site } from './grounds/plan.js';

/** What the analysis of a faulty recording has to find. */
export interface Expectation {
  cause: CauseId;
  /** Null where the cause has none. */
  node: string | null;
  interface: string | null;
  /** Of `arp-conflict` alone, in any order. */
  claimants?: Claimant[];
}

/** How the nodes are recorded, so that the fixtures hold every form that a bundle may take. */
export interface RecordingForm {
  /** `any`: one cooked capture. `per-interface`: an Ethernet pcap each. `pcapng`: all in one file, by dumpcap. */
  captures: 'any' | 'per-interface' | 'pcapng';
  compression: 'none' | 'gz' | 'zst';
  kernelLog: 'dmesg' | 'dmesg-iso';
  drops: boolean;
  container: 'tar.gz' | 'tgz' | 'tar' | 'directory';
  /** What is captured, as a person might choose; the recorder's own choice, which hides nothing, without. */
  filter?: string;
  /** Captures begin this long after the client. */
  lateMs?: number;
}

/** What the client does. */
export interface Traffic {
  protocol: 'tcp' | 'udp' | 'icmp';
  connections: number;
  /** Between the starts of two connections. */
  staggerMs: number;
  /** The client gives a connection up after. */
  timeoutMs: number;
  /** Of TCP: how long it waits before its request, once it is connected. */
  pauseMs?: number;
  /** Of TCP: what its request is made longer by. */
  cookieOctets?: number;
  /** Of TCP: the response's, of which the server then keeps the connection alive, */
  responseOctets?: number;
  /** or closes it behind. */
  closes?: true;
}

export interface Scenario {
  /** Names its directory in fixtures/. */
  name: string;
  /** One sentence. */
  description: string;
  ground: Plan;
  /** `net.ipv4.conf.KEY.rp_filter` of each machine; every key of a node not named here is set to 0. */
  rpFilter: Readonly<Record<string, Readonly<Record<string, 0 | 1 | 2>>>>;
  logMartians: boolean;
  /** Shell lines, run in each machine's namespace once the ground stands: what sets this scenario apart. */
  changes: Readonly<Record<string, readonly string[]>>;
  /** What happens while the client runs. */
  meanwhile?: (ground: Ground, site: Site) => Promise<void>;
  traffic: Traffic;
  form: RecordingForm;
  /** The machines that a bundle is made of; all nodes of the ground without. */
  recorded?: readonly string[];
  /** The pods that a node's bundle holds as namespaces of their own (`netns/NAME/`), by node; none without. */
  namespaces?: Readonly<Record<string, readonly string[]>>;
  /** Null: healthy, nothing is lost for good. */
  expect: Expectation | null;
  /** What has to be found beside `expect`. */
  also?: readonly Expectation[];
  /** True: the kernel has no counter for the loss, as with a blackhole, which it drops without a word. */
  uncounted?: boolean;
  /** How a connection ends that is not made; `timeout` without. */
  fails?: 'refused' | 'reset' | 'unreachable';
  /** True: some connections are made in spite of the fault. */
  intermittent: boolean;
  /** Connections that were made, but only after lost packets, for this reason. */
  slow?: CauseId;
  /** How the VIP's port appears where no recorded node has seen it before translation. */
  seenAs?: { address: string; port: number };
  /**
   * True: the VIP changes hands while connections are made, or its node forgets them. What one that is under way sends then
   * reaches a node that does not know it, which may translate it anew: packets without a beginning, and no attempt.
   */
  changesHands?: true;
  /** Outcomes that are right here beside those that the client's own experience names: a capture sees less. */
  alsoFitting?: readonly Outcome[];
}

/** The machines that a scenario records, in the order of the ground's plan. */
export function nodesOf(scenario: Scenario): readonly string[] {
  return scenario.recorded ?? scenario.ground.nodes;
}

/** The namespaces in a node's bundle. */
export function namespacesOf({ namespaces }: Scenario, node: string): readonly string[] {
  return namespaces?.[node] ?? [];
}

/** All that an analysis has to find. */
export function expectations(scenario: Pick<Scenario, 'expect' | 'also'>): Expectation[] {
  return [...(scenario.expect ? [scenario.expect] : []), ...(scenario.also ?? [])];
}
