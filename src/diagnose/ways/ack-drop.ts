/** What shows that a node's rules dropped a client's ACK. */
import type { Evidence } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DropRecord } from '../../model/snapshot.js';
import type { NodeView } from '../context.js';
import { evidence, QUOTED } from '../evidence.js';
import { nearestDrops } from '../kernel-records.js';
import type { FilterDrop } from './gateway.js';

/** Why a rule on the state of connections takes an ACK whose SYN-ACK went round the node. */
export const OUT_OF_STATE = 'an ACK with no reply before it is INVALID';

/**
 * The rule that drops a client's ACK, and the kernel's records of having done so.
 *
 * @param why it takes the ACK
 */
export function ackDropEvidence(
  { name, snapshot }: NodeView,
  { rule, chain, hook }: FilterDrop,
  records: readonly DropRecord[],
  why: string,
): Evidence[] {
  const text = rule === null ? `the policy of ${chain} drops in ${hook} what no rule takes` : rule.text;
  const place = { node: name, file: rule?.file ?? null, line: rule?.line ?? null };
  const found = [evidence('rule', `${text}: ${why}`, place)];
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

/** A node's records of what its filter dropped when ACKs came in to it. */
export function ackDropRecords(node: NodeView, acks: readonly Sighting[]): DropRecord[] {
  const times = acks.flatMap((s) => (s.point.node === node.name && s.time !== null ? [s.time] : []));
  return nearestDrops(node, times).filter(({ reason }) => reason === 'NETFILTER_DROP');
}
