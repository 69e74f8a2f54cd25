/** What shows that a node's rules or routes dropped a client's ACK. */
import type { FilterDrop, PassageDrop } from '../../kernel/netfilter/passage.js';
import type { CauseId, Evidence } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DropRecord } from '../../model/snapshot.js';
import type { Drop } from '../../network/journey.js';
import type { NodeView } from '../context.js';
import { type CounterRise, causeOfRecord, counterOf } from '../drops/records.js';
import { evidence, QUOTED, ruleEvidence } from '../evidence.js';
import { counterRise, nearestDrops, REVERSE_PATH_COUNTER } from '../kernel-records.js';

/** What a rule does with an ACK, behind its subject. */
export function keptText({ answer }: FilterDrop): string {
  return answer === null ? 'drops it' : `rejects it with ${answer}`;
}

/** Why a rule on the state of connections takes an ACK whose SYN-ACK went round the node. */
export const OUT_OF_STATE = 'an ACK with no reply before it is INVALID';

/**
 * What drops a client's ACK, and the kernel's records of having done so.
 *
 * @param why it takes the ACK
 */
export function ackDropEvidence(
  node: NodeView,
  drop: PassageDrop,
  records: readonly DropRecord[],
  why: string,
): Evidence[] {
  const { name, snapshot } = node;
  const found = [settingEvidence(node, drop, why)];
  for (const record of records.slice(0, QUOTED)) {
    found.push(
      evidence('drop-reason', `${record.reason}, when the client's ACK had come in`, {
        node: name,
        file: snapshot!.drops!.file,
        line: record.line,
      }),
    );
  }
  return found;
}

function settingEvidence({ name: node, netns }: NodeView, drop: PassageDrop, why: string): Evidence {
  if (drop.by === 'routing')
    return evidence('route', `by the routes and rules of ${node}: ${drop.verdict.why}`, { node });
  const { rule, chain, hook } = drop;
  return rule === null
    ? evidence('rule', `the policy of ${chain} drops in ${hook} what no rule takes: ${why}`, { node })
    : ruleEvidence({ node, netns }, rule, `: ${why}`);
}

/** A node's records of what it dropped for a cause when ACKs came in to it. */
export function ackDropRecords(
  node: NodeView,
  acks: readonly Sighting[],
  cause: CauseId = 'filtered',
): DropRecord[] {
  const times = acks.flatMap((s) => (s.point.node === node.name && s.time !== null ? [s.time] : []));
  // The record tells a filter's drop, not which rule's.
  const kind = cause === 'netfilter-rpfilter' ? 'filtered' : cause;
  return nearestDrops(node, times).filter((record) => causeOfRecord(record) === kind);
}

/** The counter that moves with every such drop of a TCP packet; null where none does. */
export function dropCounter(
  drop: Drop,
  packet: { family: 4 | 6; input: boolean },
  node: NodeView,
): CounterRise | null {
  if (drop.by !== 'routing' || drop.verdict.verdict !== 'rp-filter')
    return counterOf(drop, { ...packet, protocol: 'tcp', carrier: false }, node);
  return { name: REVERSE_PATH_COUNTER, rise: counterRise(node, REVERSE_PATH_COUNTER) };
}
