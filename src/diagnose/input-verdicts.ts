import type { Attempt } from '../correlate/attempt.js';
import { needsDissection } from '../kernel/rules.js';
import { sysctlValue } from '../kernel/sysctl.js';
import type { Verdict } from '../kernel/verdict.js';
import type { DiagnosisContext, NodeView } from './context.js';
import type { Loss } from './loss.js';
import { packetQuestion } from './packet-question.js';
import { TCP_PACKET } from './place.js';

/** What a node's routing makes of a packet that comes in. */
export interface InputVerdicts {
  /** Of each way that the packet may take there, the likeliest first; empty where the snapshot tells nothing. */
  verdicts: Verdict[];
  /** Rules before the route decision, of which something is not known, may have marked the packet otherwise. */
  guessed: boolean;
}

/**
 * The node's own route decision on the way in, with the mark that its PREROUTING rules give the packet, and with its
 * ports, where the reverse-path check sees them.
 *
 * @param name the interface that routing sees
 * @param destinations as the packet may have been translated to when it was routed
 */
export function inputVerdicts(
  node: NodeView,
  name: string,
  attempt: Attempt,
  loss: Loss,
  destinations: readonly string[],
  context: DiagnosisContext,
): InputVerdicts {
  const { model } = node;
  if (!model) return { verdicts: [], guessed: false };
  const source = loss.last.source.address;
  if (seesMarks(node, name) || seesPorts(node, source)) {
    return verdictsOnWay(node, name, attempt, loss, context);
  }
  const verdicts = destinations.map((destination) =>
    model.input({ source, destination, interface: name, ...TCP_PACKET }),
  );
  return { verdicts, guessed: false };
}

/** The lookup of the way back has the packet's mark under `src_valid_mark` alone (fib_validate_source()). */
function seesMarks({ snapshot }: NodeView, name: string): boolean {
  if (!snapshot?.rules4?.some((rule) => rule.fwmark !== null)) return false;
  return ['all', name].some((n) => sysctlValue(snapshot, 'net.ipv4.conf', n, 'src_valid_mark') === '1');
}

/**
 * With a rule on them, the route decision and the lookup of the way back have the packet's protocol and ports, the latter
 * those of the reply, as PREROUTING left them (fib4_rules_early_flow_dissect()).
 */
function seesPorts({ snapshot }: NodeView, source: string): boolean {
  const rules = source.includes(':') ? snapshot?.rules6 : snapshot?.rules4;
  return rules?.some(needsDissection) ?? false;
}

/** Taken from the packet's own passage: the mark that it has in the end may be one of a later hook. */
function verdictsOnWay(
  { name: nodeName, netns }: NodeView,
  name: string,
  attempt: Attempt,
  { last, role }: Loss,
  { network }: DiagnosisContext,
): InputVerdicts {
  const { path } = network.station(nodeName, netns)!;
  const passages = path.receive(packetQuestion(attempt, last, role), name);
  return {
    verdicts: passages.flatMap(({ verdict }) => verdict ?? []),
    guessed: passages.some(({ unknownBeforeRoute }) => unknownBeforeRoute.length > 0),
  };
}
