import type { Analysis } from '../../src/model/analysis.js';
import { hostile } from './hostile.js';
import {
  analysis,
  at,
  empty,
  endpoint,
  finding,
  healthy,
  input,
  longNames,
  outcomes,
  refused,
  rpFilter,
  steps,
  tenThousand,
  unclear,
  undetermined,
  VIP,
  WEB,
} from './sample.js';

/** A cluster's Services: the one at fault, one whose announcer has no backend, one announced by BGP, one not asked for. */
export function kubernetes(): Analysis {
  const many = Array.from({ length: 9 }, (_, i) => ({
    address: `10.244.${1 + (i % 3)}.${20 + i}`,
    port: 5353,
    pod: `kube-system/dns-${i}`,
    node: `node${1 + (i % 3)}`,
    ready: i !== 4,
  }));
  const dns = { ...WEB, vip: '192.168.1.101', namespace: 'kube-system', name: 'dns', handOvers: [] };
  const local = {
    ...dns,
    ports: ['udp', 'tcp'].map((protocol) => ({ protocol, port: 53, name: `dns-${protocol}` })),
    externalTrafficPolicy: 'Local',
    backends: many.filter((backend) => backend.node !== 'node1'),
  };
  const routed = {
    ...dns,
    vip: '2001:db8::66',
    name: 'edge',
    backends: many,
    announcedBy: 'metallb-bgp',
    pool: null,
    announcers: [],
  };
  const other = { ...WEB, vip: '192.168.1.103', name: 'unasked' };
  return {
    ...rpFilter(),
    vips: [VIP, local.vip, routed.vip].map((address) => ({ address, source: 'kubernetes' as const })),
    services: [WEB, local, routed, other],
    cluster: { kubeProxyMode: 'ipvs', strictARP: false },
  };
}

/** Made in the end, after a SYN that was lost in another network namespace of the node. */
export function slow(): Analysis {
  const [client, server] = [endpoint('192.168.50.20', 40_001), endpoint(VIP, 80)];
  const pod = endpoint('10.244.1.10', 8080);
  const inside = { netns: 'pod1' };
  const attempt = {
    id: 'a1',
    protocol: 'tcp',
    client,
    server,
    vip: VIP,
    outcome: 'established' as const,
    firstTime: at(0),
    tries: 2,
    delayNs: 1_020_000_000,
    path: steps([
      ['request', 'node1', 'eth0', 'in', 0, client, server],
      ['request', 'node1', 'eth0', 'in', 60, client, pod, inside],
      ['request', 'node1', 'eth0', 'in', 1_020_000, client, server, { try: 2 }],
      ['request', 'node1', 'eth0', 'in', 1_020_060, client, pod, { ...inside, try: 2 }],
      ['reply', 'node1', 'eth0', 'out', 1_020_100, pod, client, inside],
      ['reply', 'node1', 'eth0', 'out', 1_020_160, server, client],
    ]),
  };
  const made = {
    ...attempt,
    id: 'a2',
    tries: 1,
    delayNs: 0,
    path: attempt.path.filter((step) => step.try === 1),
  };
  return analysis({
    inputs: [input('node1')],
    vips: [{ address: VIP, source: 'kubernetes' }],
    totals: [{ vip: VIP, protocol: 'tcp', outcomes: outcomes({ established: 2 }), slow: 1 }],
    attempts: [made, attempt],
    findings: [
      finding({
        cause: 'backend-silent',
        confidence: 'possible',
        severity: 'risk',
        node: 'node1',
        interface: 'eth0',
        netns: 'pod1',
        attempts: ['a1'],
        slow: 1,
        summary: 'The first SYN reached the pod, which answered only the second.',
      }),
    ],
    services: [WEB],
    cluster: { kubeProxyMode: 'iptables', strictARP: false },
  });
}

/** Opened on purpose: some are lost for a known reason, one for none, two are not what was captured; some none was. */
export function probed(): Analysis {
  const base = rpFilter();
  const lost = base.attempts.map(({ id, outcome }, i) => ({
    sourcePort: 40_001 + i,
    result: 'timeout' as const,
    tookNs: 3_001_200_000,
    attempt: id,
    outcome,
  }));
  const made = { result: 'connected' as const, tookNs: 840_000, attempt: null, outcome: null };
  return {
    ...base,
    probes: [
      {
        from: null,
        vip: VIP,
        port: 80,
        wanted: 8,
        connections: [
          ...lost,
          { ...made, sourcePort: 40_005, result: 'refused', tookNs: 1_200_000 },
          { ...made, sourcePort: 40_006 },
          { ...made, sourcePort: 40_007, attempt: 'a9', outcome: 'unacknowledged' },
        ],
        problem: 'it was ended before its time',
      },
      {
        from: 'node1',
        vip: '2001:db8::66',
        port: 443,
        wanted: 2,
        connections: [40_008, 40_009].map((sourcePort) => ({ ...made, sourcePort })),
        problem: null,
      },
      {
        from: 'node2',
        vip: VIP,
        port: 80,
        wanted: 20,
        connections: [],
        problem: 'there is neither nc nor curl',
      },
    ],
    arpings: [
      {
        from: 'node1',
        interface: 'eth0',
        vip: VIP,
        owners: [
          { node: 'node1', interface: 'eth0', mac: '02:00:c0:a8:01:0b' },
          { node: null, interface: null, mac: '02:00:00:00:00:99' },
        ],
        problem: null,
      },
      { from: 'node2', interface: 'eth0', vip: '192.168.1.101', owners: [], problem: null },
      { from: 'node2', interface: null, vip: '192.168.1.102', owners: [], problem: 'there is no arping' },
    ],
  };
}

export const SAMPLES: Record<string, () => Analysis> = {
  empty,
  healthy,
  'rp-filter': rpFilter,
  'long-names': longNames,
  refused,
  undetermined,
  unclear,
  'ten-thousand': tenThousand,
  hostile,
  kubernetes,
  slow,
  probed,
};
