import type { Alternative, CauseId } from '../../model/analysis.js';
import type { Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { counterRise, REVERSE_PATH_COUNTER } from '../kernel-records.js';
import { lastSightings } from '../loss.js';
import type { DemandedDrop } from './demand.js';
import type { DropProof } from './examine.js';

/** What else could have lost the packet there, and why it did not. */
export function dropAlternatives(
  cause: CauseId,
  suspicions: readonly Suspicion<DropProof>[],
  context: DiagnosisContext,
): Alternative[] {
  const { proof } = suspicions[0]!;
  const { demanded, node, loss, records } = proof;
  const found: Alternative[] = [];
  const add = (other: CauseId, why: string) => {
    if (other !== cause) found.push({ cause: other, why });
  };
  const label = node.netns === null ? node.name : `${node.name}/${node.netns}`;
  if (loss.role === 'request' && loss.last.direction === 'in' && loss.last.point.node === node.name) {
    add('not-delivered', `the request was captured on its way into ${label}`);
  }
  addReversePath(proof, add);
  if (demanded) {
    addSettings(demanded, records.length > 0, add);
    addSilence(demanded, proof, context, add);
  }
  if (proof.answers.some((sighting) => sighting.kind === 'rst')) {
    add('refused', `the RST left ${label} and came from nowhere else: the server never had the request`);
  }
  return found;
}

type Add = (other: CauseId, why: string) => void;

function addReversePath({ demanded, node, loss }: DropProof, add: Add): void {
  if (loss.last.source.address.includes(':')) {
    add('rp-filter', 'IPv6 has no reverse-path check but by packet filters');
    return;
  }
  const rise = counterRise(node, REVERSE_PATH_COUNTER);
  if (rise === 0) {
    add('rp-filter', `${REVERSE_PATH_COUNTER} did not move while capturing`);
    return;
  }
  // What the check dropped while capturing it may have dropped by settings that were changed since.
  if (rise !== null) return;
  if (demanded?.leg.passage.verdict?.sourceCheck?.result === 'accepted') {
    add(
      'rp-filter',
      `the source ${demanded.leg.passage.packet.source.text} passes the reverse-path check there`,
    );
  }
}

function addSettings(
  { drop, leg, doubts, carrier, station, interface: name, seen }: DemandedDrop,
  recorded: boolean,
  add: Add,
): void {
  if (drop.by === 'routing') {
    if (recorded) add('filtered', 'the kernel gave a reason of its routing, not of a filter');
    else if (doubts.length === 0) add('filtered', 'no rule that the packet meets before drops it');
    return;
  }
  const { verdict } = leg.passage;
  if (drop.by !== 'netfilter' || !verdict) return;
  // What its settings decide of the packet within is another matter, which it never came to.
  if (carrier && leg.station !== station) {
    if (seen && name !== null) {
      add('no-route', `the tunnel packet came in by ${name}, and is for ${station.label}'s own address`);
    }
    return;
  }
  if (verdict.verdict === 'forward' || verdict.verdict === 'output') {
    add('no-route', `it has a route on, by ${verdict.dev}`);
    if (verdict.verdict === 'forward') add('forwarding-off', 'forwarding is on where the packet came in');
  }
  if (verdict.verdict === 'local') add('no-route', `the destination is the node's own`);
}

/** Whether the way on was captured, and the packet was not seen there. */
function addSilence(
  { role, leg, station, seen, carrier, interface: name }: DemandedDrop,
  { node, loss }: DropProof,
  context: DiagnosisContext,
  add: Add,
): void {
  const tunnel = loss.last.encapsulations.at(-1);
  const out =
    carrier && tunnel && name !== null ? station.model.interfaceForVni(tunnel.id, tunnel.port) : null;
  const dev = carrier ? out : (leg.passage.verdict?.dev ?? null);
  if (role !== 'request' || !seen || dev === null) return;
  if (!context.covers(node, dev, lastSightings(loss))) return;
  add(
    'backend-silent',
    carrier
      ? `${dev} of ${station.label}, by which it comes out of the tunnel, was captured, and the packet did not come in by it`
      : `${dev} of ${station.label}, the way on, was captured, and the packet did not leave by it`,
  );
}
