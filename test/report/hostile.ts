import type { Analysis } from '../../src/model/analysis.js';
import { rpFilter, WEB } from './sample.js';

export const HOSTILE =
  '\u001b]0;owned\u0007\u001b[2J\r\nOK  No fault\u202egnp.exe\u200b\u009b31m\u0000\ud800 e\u0301 漢字 \u{e0041}';

/** Every text that a capture, a log or a file name can choose is hostile. */
export function hostile(): Analysis {
  const base = rpFilter();
  const [first] = base.findings;
  const poison = (text: string) => `${text}${HOSTILE}`;
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
        evidence: first!.evidence.map((e) => ({ ...e, node: poison('node2'), text: poison(e.text) })),
        fix: {
          ...first!.fix!,
          commands: [{ node: poison('node2'), command: poison('echo '), persists: false }],
          manifests: [`kind: A\nname: ${HOSTILE.replace('\n', ' ')}\n`],
        },
      },
    ],
    gaps: [{ node: poison('node2'), interface: null, why: HOSTILE, capture: poison('tcpdump ') }],
    cluster: { kubeProxyMode: poison('ipvs'), strictARP: null },
    services: [{ ...WEB, namespace: HOSTILE, name: HOSTILE, pool: HOSTILE, externalTrafficPolicy: HOSTILE }],
  };
}
