import { isDeepStrictEqual } from 'node:util';
import { readSnapshot } from '../../src/ingest/snapshot/snapshot.js';
import { KernelModel } from '../../src/kernel/model.js';
import type { Verdict } from '../../src/kernel/verdict.js';
import { type KernelAnswer, Namespace } from './namespace.js';
import { isGroup, type Question, questionText, type Scenario } from './scenario.js';

/** Verdicts that an errno of `ip route get` may stand for: newer kernels answer EINVAL for every drop. */
const ERRORS: Readonly<Record<string, readonly string[]>> = {
  'Invalid argument': ['rp-filter', 'martian-source', 'martian-destination', 'blackhole'],
  'Invalid cross-device link': ['rp-filter'],
  'Permission denied': ['prohibit'],
  'No route to host': ['unreachable', 'forwarding-off'],
  // Of an own packet also where the source is not the node's.
  'Network is unreachable': ['no-route', 'martian-source'],
};

/** What the kernel said. */
export interface Recorded {
  /** By name in a bundle. */
  files: Map<string, string>;
  answers: KernelAnswer[];
}

export interface Comparison {
  asked: number;
  /** Left out, as the verdict says itself that it rests on an assumption. */
  unsure: number;
  verdicts: Map<string, number>;
  mismatches: string[];
}

/** Puts the scenario into a fresh namespace and asks the kernel. */
export function askKernel({ family, links, settings, commands, questions }: Scenario): Recorded {
  const namespace = new Namespace();
  try {
    namespace.sysctl([['net.ipv6.conf.default.accept_dad', 0]]);
    namespace.batch(links);
    namespace.awaitLinks();
    namespace.sysctl(settings);
    const groupsAt = commands.findIndex(isGroup);
    const after = groupsAt < 0 ? 0 : commands.findLastIndex(isGroup) + 1;
    namespace.batch(commands.slice(0, Math.max(0, groupsAt)), `-${family}`);
    namespace.batch(commands.slice(Math.max(0, groupsAt), after));
    const rest = commands.slice(after);
    const isNeighbour = (line: string) => line.startsWith('neigh ');
    namespace.batch(
      rest.filter((line) => !isNeighbour(line)),
      `-${family}`,
    );
    for (const line of rest.filter(isNeighbour)) namespace.attempt(line);
    // A link's state is worked out a while after it changed (linkwatch): ask again where that came in between.
    for (;;) {
      const files = namespace.files();
      const answers = namespace.routeGet(questions.map(questionText), family);
      if (isDeepStrictEqual(settled(files), settled(namespace.listings()))) return { files, answers };
    }
  } finally {
    namespace.remove();
  }
}

/** Links and routes: neighbours come by the questions themselves, and settings stay. */
function settled(files: Map<string, string>): (string | undefined)[] {
  return ['ip-link.json', 'ip-route.json', 'ip-route6.json'].map((name) => files.get(name));
}

/** Holds the model's answers, by the files alone, against the kernel's. */
export function compare(questions: readonly Question[], { files, answers }: Recorded): Comparison {
  const into: Comparison = { asked: 0, unsure: 0, verdicts: new Map(), mismatches: [] };
  const model = new KernelModel(readSnapshot(files, 'node1', null, ''));
  for (const [i, q] of questions.entries()) {
    const verdict = askModel(model, q);
    into.asked++;
    into.verdicts.set(verdict.verdict, (into.verdicts.get(verdict.verdict) ?? 0) + 1);
    if (verdict.unknown.length > 0) into.unsure++;
    else if (!agrees(verdict, answers[i]!, q)) {
      const version = q.to.includes(':') ? 6 : 4;
      const { lookup, sourceCheck, ...rest } = verdict;
      const said = JSON.stringify({ ...rest, route: lookup?.route ?? null, sourceCheck });
      into.mismatches.push(
        `ip -${version} route get ${questionText(q)}\n  kernel: ${JSON.stringify(answers[i])}\n  model: ${said}`,
      );
    }
  }
  return into;
}

function askModel(model: KernelModel, q: Question): Verdict {
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
  // `ip -6 route get` looks the route up, without what ip6_rcv_core() and ip6_forward() check.
  const { verdict: name } = verdict;
  const passedOn =
    name === 'forwarding-off' ||
    verdict.why.includes('disable_ipv6') ||
    (q.from?.startsWith('fe80') && name === 'unreachable');
  if (q.to.includes(':') && passedOn) return type === 'unicast' || name === 'blackhole';
  // A source that was asked for is not printed again.
  const source = q.from !== null || q.iif !== null || route.prefsrc === undefined;
  // Over several next hops the source differs with the one that is picked.
  const open = verdict.preferredSource === null && verdict.hops.length > 1;
  const sourceAgrees = source || open || route.prefsrc === verdict.preferredSource;
  if (verdict.verdict === 'local') return ['local', 'anycast', 'multicast'].includes(type) && sourceAgrees;
  if (verdict.verdict === 'broadcast') return type === 'broadcast' && sourceAgrees;
  if (verdict.verdict !== 'forward' && verdict.verdict !== 'output') return false;
  const forwardedBroadcast = type === 'broadcast' && verdict.lookup?.route?.type === 'broadcast';
  if (type !== 'unicast' && type !== 'multicast' && !forwardedBroadcast) return false;
  // A lookup in `local` and `main` as one names main; a broadcast's route is listed in local.
  const sameTable = forwardedBroadcast || (route.table ?? 'main') === (verdict.table ?? 'main');
  return sent && sourceAgrees && sameTable;
}
