/** Analyses built by hand, as realistic as they need to be to judge a report by. */
import {
  ANALYSIS_SCHEMA,
  type Analysis,
  type AnalysisAttempt,
  type AnalysisInput,
  type AnalysisService,
  type Direction,
  type Endpoint,
  type Evidence,
  type EvidenceKind,
  type Finding,
  OUTCOMES,
  type Outcome,
  type PathStep,
  type Role,
} from '../../src/model/analysis.js';
import { formatTime, toNanoseconds } from '../../src/model/time.js';

const START = 1_769_903_999;
export const VIP = '192.168.1.100';

/** The Service of the VIP, with a backend on each node. */
export const WEB: AnalysisService = {
  vip: VIP,
  namespace: 'default',
  name: 'web',
  ports: [{ protocol: 'tcp', port: 80, name: 'http' }],
  externalTrafficPolicy: 'Cluster',
  backends: [
    { address: '10.244.1.10', port: 8080, pod: 'default/web-7c9f8d6b5-abcde', node: 'node1', ready: true },
    { address: '10.244.2.10', port: 8080, pod: 'default/web-7c9f8d6b5-fghij', node: 'node2', ready: true },
  ],
  announcedBy: 'metallb-l2',
  pool: 'lan',
  advertisements: ['lan-l2'],
  announcers: [
    {
      node: 'node2',
      interface: null,
      count: 1,
      firstTime: at(-7_200e6),
      lastTime: at(-7_200e6),
      current: false,
    },
    {
      node: 'node1',
      interface: 'eth0',
      count: 7,
      firstTime: at(-3_600e6),
      lastTime: at(-60e6),
      current: true,
    },
  ],
  handOvers: [{ time: at(-3_600e6), from: 'node2', to: 'node1' }],
};

/** The text of the time `microseconds` after the samples' first packet. */
export function at(microseconds: number): string {
  const nanoseconds = 123_456_789 + microseconds * 1000;
  return formatTime(toNanoseconds(START + Math.floor(nanoseconds / 1e9), nanoseconds % 1e9));
}

export function outcomes(counts: Partial<Record<Outcome, number>>): Record<Outcome, number> {
  return { ...(Object.fromEntries(OUTCOMES.map((o) => [o, 0])) as Record<Outcome, number>), ...counts };
}

export function endpoint(address: string, port: number | null = null): Endpoint {
  return { address, port };
}

export function input(node: string, changes: Partial<AnalysisInput> = {}): AnalysisInput {
  return {
    node,
    file: `${node}.tar.gz:any.pcap`,
    linkType: 'LINUX_SLL2',
    packets: 112,
    bytes: 14_336,
    firstTime: at(0),
    lastTime: at(12_345_678),
    dropped: null,
    truncated: false,
    undecoded: 0,
    error: null,
    ...changes,
  };
}

/** A step in short: role, node, interface, direction, microseconds, source, destination. */
type Short = [Role, string, string, Direction, number, Endpoint, Endpoint, Partial<PathStep>?];

export function steps(shorts: Short[]): PathStep[] {
  return shorts.map(([role, node, name, direction, microseconds, source, destination, more], i) => ({
    role,
    node,
    netns: null,
    interface: name,
    direction,
    time: at(microseconds),
    file: `${node}.tar.gz:any.pcap`,
    packet: i + 1,
    source,
    destination,
    tunnels: [],
    try: 1,
    ...more,
  }));
}

export function evidence(
  kind: EvidenceKind,
  node: string | null,
  text: string,
  place: Partial<Evidence> = {},
): Evidence {
  return { kind, node, file: null, line: null, packet: null, text, ...place };
}

export function finding(changes: Partial<Finding>): Finding {
  return {
    id: 'f1',
    cause: 'rp-filter',
    confidence: 'confirmed',
    severity: 'fault',
    vip: VIP,
    node: null,
    interface: null,
    claimants: [],
    attempts: [],
    summary: '',
    evidence: [],
    fix: null,
    alternatives: [],
    ...changes,
  };
}

export function analysis(changes: Partial<Analysis>): Analysis {
  return {
    schema: ANALYSIS_SCHEMA,
    inputs: [],
    clocks: [],
    vips: [],
    totals: [],
    attempts: [],
    findings: [],
    gaps: [],
    ...changes,
  };
}

export function empty(): Analysis {
  return analysis({});
}

function established(id: string, port: number): AnalysisAttempt {
  const client = endpoint('10.0.0.5', port);
  const server = endpoint(VIP, 80);
  const pod = endpoint('10.244.0.7', 8080);
  return {
    id,
    protocol: 'tcp',
    client,
    server,
    vip: VIP,
    outcome: 'established',
    firstTime: at(0),
    tries: 1,
    delayNs: null,
    path: steps([
      ['request', 'node1', 'eth0', 'in', 0, client, server],
      ['request', 'node1', 'cni0', 'out', 31, client, pod],
      ['reply', 'node1', 'cni0', 'in', 70, pod, client],
      ['reply', 'node1', 'eth0', 'out', 82, server, client],
    ]),
  };
}

export function healthy(): Analysis {
  return analysis({
    inputs: [input('node1', { dropped: 0 })],
    clocks: [{ node: 'node1', offsetNs: 0, uncertaintyNs: 0, driftPpm: 0, matched: 0 }],
    vips: [{ address: VIP, source: 'flag' }],
    totals: [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ established: 5 }) }],
    attempts: [1, 2, 3, 4, 5].map((n) => established(`a${n}`, 40_000 + n)),
  });
}

function lostRequest(id: string, port: number): AnalysisAttempt {
  const client = endpoint('192.168.50.20', port);
  const server = endpoint(VIP, 80);
  const pod = endpoint('10.244.2.10', 8080);
  const outer = { tunnels: ['vxlan 1 192.168.1.11 > 192.168.1.12'] };
  const oneTry = (n: number, from: number) =>
    steps([
      ['request', 'node1', 'eth0', 'in', from, client, server, { try: n }],
      ['request', 'node1', 'flannel.1', 'out', from + 31, client, pod, { try: n }],
      ['request', 'node1', 'eth0', 'out', from + 38, client, pod, { try: n, ...outer }],
      ['request', 'node2', 'eth0', 'in', from + 2_500_090, client, pod, { try: n, ...outer }],
      ['request', 'node2', 'flannel.1', 'in', from + 2_500_097, client, pod, { try: n }],
    ]);
  return {
    id,
    protocol: 'tcp',
    client,
    server,
    vip: VIP,
    outcome: 'no-reply',
    firstTime: at(0),
    tries: 3,
    delayNs: null,
    path: [oneTry(1, 0), oneTry(2, 1_012_000), oneTry(3, 3_040_000)].flat(),
  };
}

/** The classic: strict rp_filter on the overlay's device of the backend's node, clocks 2.5 s apart. */
export function rpFilter(): Analysis {
  const attempts = [1, 2, 3, 4].map((n) => lostRequest(`a${n}`, 40_000 + n));
  return analysis({
    inputs: [input('node1'), input('node2', { dropped: 3 })],
    clocks: [
      { node: 'node1', offsetNs: 0, uncertaintyNs: 0, driftPpm: 0, matched: 0 },
      { node: 'node2', offsetNs: 2_500_000_000, uncertaintyNs: 21_000, driftPpm: 1.25, matched: 40 },
    ],
    vips: [{ address: VIP, source: 'kubernetes' }],
    totals: [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ 'no-reply': 4 }) }],
    attempts,
    findings: [
      finding({
        node: 'node2',
        interface: 'flannel.1',
        attempts: attempts.map((attempt) => attempt.id),
        summary:
          'node2 takes the requests out of the tunnel on flannel.1, but its own route back to 192.168.50.20 leaves by eth0. With strict rp_filter on flannel.1 the kernel therefore drops them before any pod sees them.',
        evidence: [
          evidence(
            'martian',
            'node2',
            'IPv4: martian source 10.244.2.10 from 192.168.50.20, on dev flannel.1',
            {
              file: 'node2.tar.gz:kernel.log',
              line: 118,
            },
          ),
          evidence('counter', 'node2', 'TcpExtIPReversePathFilter rose by 12', {
            file: 'node2.tar.gz:nstat-after.json',
          }),
          evidence('sysctl', 'node2', 'net.ipv4.conf.all.rp_filter = 1', {
            file: 'node2.tar.gz:sysctl.txt',
            line: 402,
          }),
          evidence('route', 'node2', '192.168.50.0/24 via 192.168.1.1 dev eth0 (table main)', {
            file: 'node2.tar.gz:ip-route.json',
          }),
          evidence('packet', 'node2', 'SYN seen coming in by flannel.1 and nowhere after it', {
            file: 'node2.tar.gz:any.pcap',
            packet: 15,
          }),
          evidence('model', 'node2', 'strict on flannel.1: the way back to 192.168.50.20 is eth0'),
        ],
        fix: {
          summary: 'Use loose reverse-path checks on flannel.1 of node2.',
          commands: [
            { node: 'node2', command: 'sysctl -w net.ipv4.conf.all.rp_filter=2', persists: false },
            { node: 'node2', command: 'sysctl -w net.ipv4.conf.flannel/1.rp_filter=2', persists: false },
            {
              node: 'node2',
              command:
                "printf '%s\\n' 'net.ipv4.conf.all.rp_filter = 2' 'net.ipv4.conf.flannel/1.rp_filter = 2' > /etc/sysctl.d/90-returnpath.conf",
              persists: true,
            },
          ],
          manifests: [],
          risk: 'Loose mode accepts a source address that is reachable by any interface.',
          expected: 'All 4 requests are forwarded to cni0; replies go back by flannel.1.',
          undo: [
            { node: 'node2', command: 'rm /etc/sysctl.d/90-returnpath.conf', persists: true },
            { node: 'node2', command: 'sysctl -w net.ipv4.conf.flannel/1.rp_filter=1', persists: false },
            { node: 'node2', command: 'sysctl -w net.ipv4.conf.all.rp_filter=1', persists: false },
          ],
        },
        alternatives: [
          { cause: 'filtered', why: 'no rule of node2 drops packets that come in by flannel.1' },
          {
            cause: 'backend-silent',
            why: 'the request is not seen on cni0 nor on any veth after flannel.1',
          },
        ],
      }),
    ],
  });
}

/** The reply is lost, not the request; IPv6, long addresses, long names, a manifest, nothing confirmed. */
export function longNames(): Analysis {
  const client = endpoint('2001:db8:aaaa:bbbb:cccc:dddd:eeee:fff1', 65_535);
  const server = endpoint('2001:db8:1111:2222:3333:4444:5555:6666', 8443);
  const pod = endpoint('fd00:10:244:1234:5678:9abc:def0:1234', 18_443);
  const near = 'ip-10-0-12-34.eu-central-1.compute.internal';
  const far = 'ip-10-0-56-78.eu-central-1.compute.internal';
  const attempt: AnalysisAttempt = {
    id: 'a1',
    protocol: 'tcp',
    client,
    server,
    vip: server.address,
    outcome: 'reply-lost',
    firstTime: at(0),
    tries: 2,
    delayNs: null,
    path: steps([
      ['request', near, 'bond0.4094', 'in', 0, client, server],
      ['request', near, 'cali0123456789a', 'out', 40, client, pod],
      ['reply', near, 'cali0123456789a', 'in', 95, pod, client],
      ['reply', far, 'wlp0s20f0u4u1i2', 'out', 140, server, client],
    ]),
  };
  return analysis({
    inputs: [input(near, { linkType: 'ETHERNET, LINUX_SLL2' }), input(far)],
    vips: [{ address: server.address, source: 'inferred' }],
    totals: [
      { vip: server.address, protocol: 'tcp', outcomes: outcomes({ 'reply-lost': 1, established: 1200 }) },
      {
        vip: null,
        protocol: 'udp',
        outcomes: outcomes(Object.fromEntries(OUTCOMES.map((o, i) => [o, i + 1]))),
      },
    ],
    attempts: [attempt],
    findings: [
      finding({
        cause: 'wrong-gateway',
        confidence: 'probable',
        vip: server.address,
        node: far,
        interface: 'wlp0s20f0u4u1i2',
        attempts: ['a1'],
        summary:
          'The reply leaves by the default route in place of the interface that the request came in by.',
        fix: {
          summary: 'Route replies from the VIP through the gateway that the request came by.',
          commands: [],
          manifests: [
            'apiVersion: metallb.io/v1beta1\nkind: L2Advertisement\nmetadata:\n  name: only-one-way-out-for-this-rather-long-name\nspec:\n  interfaces: [bond0.4094]\n',
          ],
          risk: 'None for other services.',
          expected: 'The reply leaves by bond0.4094.',
        },
      }),
    ],
  });
}

export function refused(): Analysis {
  const client = endpoint('10.0.0.5', 40_001);
  const server = endpoint(VIP, 81);
  return analysis({
    inputs: [input('node1')],
    vips: [{ address: VIP, source: 'flag' }],
    totals: [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ refused: 1, established: 1 }) }],
    attempts: [
      established('a1', 40_000),
      {
        id: 'a2',
        protocol: 'tcp',
        client,
        server,
        vip: VIP,
        outcome: 'refused',
        firstTime: at(0),
        tries: 1,
        delayNs: null,
        path: steps([['request', 'node1', 'eth0', 'in', 0, client, server]]),
      },
    ],
    findings: [
      finding({
        cause: 'refused',
        node: 'node1',
        interface: 'eth0',
        attempts: ['a2'],
        summary: 'node1 answered the SYN with a RST: nothing listens on port 81.',
        evidence: [
          evidence('packet', 'node1', 'RST from 192.168.1.100:81', {
            file: 'node1.tar.gz:any.pcap',
            packet: 2,
          }),
        ],
      }),
      finding({
        id: 'f2',
        cause: 'arp-conflict',
        severity: 'risk',
        claimants: [
          { node: 'node1', interface: 'eth0', mac: '02:00:00:00:00:01' },
          { node: null, interface: null, mac: '02:00:00:00:00:99' },
        ],
        summary: 'Two machines answer for the VIP; which one a client reaches is chance.',
      }),
    ],
  });
}

export function undetermined(): Analysis {
  const client = endpoint('10.0.0.5', 40_000);
  const server = endpoint(VIP, 53);
  return analysis({
    inputs: [
      input('node1', { truncated: true }),
      input('node3', {
        packets: 0,
        firstTime: null,
        lastTime: null,
        undecoded: 7,
        error: 'block length 3 at octet 96 is no multiple of 4',
      }),
    ],
    clocks: [
      { node: 'node1', offsetNs: 0, uncertaintyNs: 0, driftPpm: 0, matched: 0 },
      { node: 'node3', offsetNs: null, uncertaintyNs: null, driftPpm: null, matched: 0 },
    ],
    vips: [{ address: VIP, source: 'inferred' }],
    totals: [{ vip: VIP, protocol: 'udp', outcomes: outcomes({ 'no-reply': 1, midstream: 2 }) }],
    attempts: [
      {
        id: 'a1',
        protocol: 'udp',
        client,
        server,
        vip: VIP,
        outcome: 'no-reply',
        firstTime: null,
        tries: 1,
        delayNs: null,
        path: steps([['request', 'node1', 'eth0', null, 0, client, server, { interface: null, time: null }]]),
      },
    ],
    findings: [
      finding({
        cause: 'undetermined',
        confidence: 'possible',
        node: 'node1',
        attempts: ['a1'],
        summary: 'The request is seen on node1 and not after it; there is no capture of the backend.',
      }),
    ],
    gaps: [
      {
        node: 'node3',
        interface: 'cni0',
        why: 'nothing was captured where the request should be handed to the backend.',
        capture:
          'tcpdump -i any -y LINUX_SLL2 --time-stamp-precision=nano --immediate-mode -s 128 -U -w any.pcap',
      },
      { node: null, interface: null, why: 'the kernel log is missing.', capture: null },
    ],
  });
}

/** No finding, yet not everything went well. */
export function unclear(): Analysis {
  return {
    ...healthy(),
    totals: [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ established: 3, unacknowledged: 2 }) }],
  };
}

export function tenThousand(): Analysis {
  const base = rpFilter();
  const attempts = Array.from({ length: 10_000 }, (_, i) =>
    i % 10 === 0 ? lostRequest(`a${i + 1}`, i) : established(`a${i + 1}`, i),
  );
  const lost = attempts.filter((attempt) => attempt.outcome === 'no-reply');
  return {
    ...base,
    totals: [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ 'no-reply': 1000, established: 9000 }) }],
    attempts,
    findings: [{ ...base.findings[0]!, attempts: lost.map((attempt) => attempt.id) }],
  };
}
