import type { Analysis } from '../../src/model/analysis.js';
import { at, rpFilter, VIP, WEB } from './sample.js';

export const HOSTILE =
  '\u001b]0;owned\u0007\u001b[2J\r\nOK  No fault\u202egnp.exe\u200b\u009b31m\u0000\ud800 e\u0301 漢字 \u{e0041}';

/** Closes whatever it may stand in, and runs in each of the ways that markup can. */
export const MARKUP =
  '--></title></style></script>"\'><script>globalThis.owned=1</script><img src=x onerror="globalThis.owned=1"><svg onload=globalThis.owned=1><a href="javascript:owned=1">x</a>';

/**
 * Every text that a capture, a log or a file name can choose is hostile.
 *
 * @param ending what each ends with
 */
export function hostile(ending = HOSTILE): Analysis {
  const base = rpFilter();
  const [first] = base.findings;
  const poison = (text: string) => `${text}${ending}`;
  return {
    ...base,
    inputs: base.inputs.map((i) => ({
      ...i,
      node: poison(i.node),
      file: poison(i.file),
      error: poison('bad'),
    })),
    attempts: base.attempts.map((attempt) => ({
      ...attempt,
      path: attempt.path.map((step) => ({
        ...step,
        node: poison(step.node),
        interface: poison(step.interface!),
        file: poison(step.file),
        tunnels: step.tunnels.map(poison),
      })),
    })),
    findings: [
      {
        ...first!,
        node: poison('node2'),
        interface: poison('flannel.1'),
        summary: poison(first!.summary),
        evidence: first!.evidence.map((e) => ({
          ...e,
          node: poison('node2'),
          text: poison(e.text),
          ...(e.packet !== null && { octets: '3c7363726970743e', decoded: [poison('Ethernet')] }),
        })),
        fix: {
          ...first!.fix!,
          commands: [{ node: poison('node2'), command: poison('echo '), persists: false }],
          manifests: [`kind: A\nname: ${ending.replace('\n', ' ')}\n`],
        },
      },
    ],
    gaps: [{ node: poison('node2'), interface: null, why: ending, capture: poison('tcpdump ') }],
    cluster: { kubeProxyMode: poison('ipvs'), strictARP: null },
    owners: [
      {
        address: VIP,
        protocol: 'arp',
        spells: [
          {
            mac: poison('02:00:00:00:00:01'),
            node: poison('node2'),
            interface: poison('eth0'),
            claims: 1,
            firstTime: at(0),
            lastTime: at(1000),
          },
        ],
      },
    ],
    services: [{ ...WEB, namespace: ending, name: ending, pool: ending, externalTrafficPolicy: ending }],
    probes: [
      {
        from: poison('node2'),
        vip: VIP,
        port: 80,
        wanted: 2,
        connections: [
          {
            sourcePort: 40_001,
            result: 'error',
            tookNs: 1e6,
            why: ending,
            attempt: null,
            outcome: null,
          },
        ],
        problem: ending,
      },
    ],
    arpings: [{ from: poison('node2'), interface: null, vip: VIP, owners: [], problem: ending }],
  };
}
