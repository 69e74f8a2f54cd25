/** What a scenario is: a ground, its settings, how it is recorded, and what must come of it. */

export type NodeName = 'node1' | 'node2';

/** What the analysis of a faulty recording has to find. */
export interface Expectation {
  cause: 'rp-filter' | 'untranslated-reply' | 'refused';
  node: NodeName;
  /** Null where the cause has none. */
  interface: string | null;
}

/**
 * A LoadBalancer Service on two nodes with a flannel overlay between them; node1 announces the VIP, and
 * kube-proxy's rules on both nodes translate it.
 */
export interface ClusterGround {
  kind: 'cluster';
  /** The Service's endpoints. */
  backends: ('pod1' | 'pod2')[];
  /** False: nothing listens in the backends. */
  listening: boolean;
  proxy: 'iptables' | 'nftables';
  masquerade: boolean;
  /** Sends what answers a connection that came through the overlay back through it, by a connection mark. */
  returnPolicy: boolean;
  /** False: node2 knows its own networks only. */
  node2DefaultRoute: boolean;
}

/** One node with a second interface, on which it serves an address that is bound to `lo`. */
export interface SecondNicGround {
  kind: 'second-nic';
}

/** How a node is recorded, so that the fixtures hold every form that a bundle may take. */
export interface RecordingForm {
  /** `any`: one cooked capture. `per-interface`: an Ethernet pcap each. `pcapng`: all in one file, by dumpcap. */
  captures: 'any' | 'per-interface' | 'pcapng';
  compression: 'none' | 'gz' | 'zst';
  kernelLog: 'dmesg' | 'dmesg-iso';
  drops: boolean;
  container: 'tar.gz' | 'tgz' | 'tar' | 'directory';
}

export interface Scenario {
  /** Names its directory in fixtures/. */
  name: string;
  /** One sentence. */
  description: string;
  ground: ClusterGround | SecondNicGround;
  /** `net.ipv4.conf.KEY.rp_filter` of each node; every key not named here is set to 0. */
  rpFilter: Partial<Record<NodeName, Record<string, 0 | 1 | 2>>>;
  logMartians: boolean;
  form: RecordingForm;
  connections: number;
  /** Null: healthy, every connection is made. */
  expect: Expectation | null;
  /** True: some connections are made in spite of the fault. */
  intermittent: boolean;
}

/** The nodes that a scenario records. */
export function nodesOf(scenario: Scenario): NodeName[] {
  return scenario.ground.kind === 'cluster' ? ['node1', 'node2'] : ['node1'];
}
