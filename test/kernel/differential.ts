import { KernelModel } from '../../src/kernel/model.js';
import type { Verdict } from '../../src/kernel/verdict.js';
import {
  addresses,
  devices,
  IPV4,
  IPV6,
  type Question,
  question,
  questionText,
  routes,
  rules,
  settings,
} from './configuration.js';
import { type KernelAnswer, Namespace } from './namespace.js';
import { Random } from './random.js';

/** Verdicts that an errno of `ip route get` may stand for: newer kernels answer EINVAL for every drop. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  'Invalid argument': ['rp-filter', 'martian-source', 'martian-destination', 'blackhole'],
  'Invalid cross-device link': ['rp-filter'],
  'Permission denied': ['prohibit'],
  'No route to host': ['unreachable', 'forwarding-off'],
  // Of an own packet also where the source is not the node's.
  'Network is unreachable': ['no-route', 'martian-source'],
};

export interface Comparison {
  asked: number;
  /** Left out, as the verdict says itself that it rests on an assumption. */
  unsure: number;
  verdicts: Map<string, number>;
  mismatches: string[];
}

/** Puts one random configuration into a fresh namespace and compares the kernel's answers with the model's. */
export function compareConfiguration(seed: number, questions: number, into: Comparison): void {
  const random = new Random(seed);
  const family = random.chance(75) ? IPV4 : IPV6;
  const namespace = new Namespace();
  try {
    namespace.sysctl(new Map([['net.ipv6.conf.default.accept_dad', 0]]));
    namespace.batch(devices(random));
    // Before the routes: which hops of a multipath route take part is worked out when links and routes change.
    namespace.sysctl(settings(random));
    namespace.batch(
      [...addresses(random, family), ...routes(random, family), ...rules(random, family)],
      `-${family.version}`,
    );
    // A link that goes down late (an operstate pending in linkwatch) would differ between snapshot and question.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
    const snapshot = namespace.snapshot();
    const model = new KernelModel(snapshot);
    const own = model.localAddresses
      .map((a) => a.address)
      .filter((a) => a.includes(':') === (family.version === 6) && a !== '::1' && !a.startsWith('fe80'));
    const asked = Array.from({ length: questions }, () => question(random, family, own));
    const answers = namespace.routeGet(asked.map(questionText), family.version);
    for (const [i, q] of asked.entries()) {
      const verdict = ask(model, q);
      into.asked++;
      into.verdicts.set(verdict.verdict, (into.verdicts.get(verdict.verdict) ?? 0) + 1);
      if (verdict.unknown.length > 0) into.unsure++;
      else if (!agrees(verdict, answers[i]!, q)) {
        into.mismatches.push(
          `seed ${seed}: ip -${family.version} route get ${questionText(q)}\n  kernel: ${JSON.stringify(answers[i])}\n  model: ${JSON.stringify({ ...verdict, lookup: verdict.lookup?.route })}`,
        );
      }
    }
  } finally {
    namespace.remove();
  }
}

function ask(model: KernelModel, q: Question): Verdict {
  const { mark, tos, protocol, sourcePort, destinationPort } = q;
  const details = { mark, tos, protocol, sourcePort, destinationPort };
  if (q.iif !== null)
    return model.input({ source: q.from!, destination: q.to, interface: q.iif, ...details });
  const oif = q.oif === null ? {} : { oif: q.oif };
  return model.output({ source: q.from, destination: q.to, uid: 0, ...oif, ...details });
}

function agrees(verdict: Verdict, answer: KernelAnswer, q: Question): boolean {
  if (answer.error !== null) return (ERRORS[answer.error] ?? []).includes(verdict.verdict);
  const { route } = answer;
  const type = route.type ?? 'unicast';
  const via = route.gateway ?? route.via?.host ?? null;
  const sent = verdict.hops.some((hop) => hop.dev === route.dev && hop.via === via);
  // `ip -6 route get` looks the route up and no further.
  const linkLocal = q.to.includes(':') && q.from?.startsWith('fe80') && verdict.verdict === 'unreachable';
  if (linkLocal) return type === 'unicast';
  // A source that was asked for is not printed again.
  const source = q.from !== null || q.iif !== null || q.to.includes(':') || route.prefsrc === undefined;
  // Over several next hops the source differs with the one that is picked.
  const open = verdict.preferredSource === null && verdict.hops.length > 1;
  const sourceAgrees = source || open || route.prefsrc === verdict.preferredSource;
  if (verdict.verdict === 'local') return ['local', 'anycast', 'multicast'].includes(type) && sourceAgrees;
  if (verdict.verdict === 'broadcast') return type === 'broadcast' && sourceAgrees;
  if (verdict.verdict !== 'forward' && verdict.verdict !== 'output') return false;
  const forwardedBroadcast = type === 'broadcast' && verdict.lookup?.route?.type === 'broadcast';
  if (type !== 'unicast' && type !== 'multicast' && !forwardedBroadcast) return false;
  return sent && sourceAgrees && (route.table ?? 'main') === (verdict.table ?? 'main');
}
