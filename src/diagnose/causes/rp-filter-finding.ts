import type { Alternative, Evidence, Gap } from '../../model/analysis.js';
import type { MartianRecord } from '../../model/snapshot.js';
import type { Conclusion, Suspicion } from '../cause.js';
import { surest } from '../confidence.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { vainEvidence } from '../drops/unresolved-evidence.js';
import { checkEvidence, evidence, martiansEvidence, recordsEvidence, riseEvidence } from '../evidence.js';
import { faultOf } from '../fault.js';
import { fixFor } from '../fixes/fix-for.js';
import { isDated, REVERSE_PATH_COUNTER } from '../kernel-records.js';
import { lastSightings } from '../loss.js';
import { lostEvidence } from '../lost-evidence.js';
import { listed, PACKETS } from '../words.js';
import type { RpFilterProof } from './rp-filter.js';

/** The finding for drops of one node and interface. */
export function concludeRpFilter(
  suspicions: readonly Suspicion<RpFilterProof>[],
  context: DiagnosisContext,
): Conclusion {
  const proofs = suspicions.map((s) => s.proof);
  const { node, place, loss, verdict } = proofs[0]!;
  const confidence = surest(suspicions.map((s) => s.confidence));
  const name = place.interface;
  return {
    finding: {
      ...faultOf('rp-filter', suspicions, node.netns),
      summary: summarize(proofs, confidence !== 'possible'),
      evidence: [
        ...gatherEvidence(suspicions),
        ...(confidence === 'confirmed' ? [] : blindSpotEvidence(node, context)),
      ],
      ...fixFor(
        'rp-filter',
        suspicions.map((s) => s.attempt),
        context,
      ),
      alternatives: ruledOut(proofs, context),
    },
    gaps: confidence === 'confirmed' ? [] : [recordGap(node, name, proofs[0]!.martians)],
  };

  function summarize(all: readonly RpFilterProof[], certain: boolean): string {
    const what = PACKETS[loss.role];
    const sources = listed(all.map((p) => p.source));
    const verb = certain ? 'drops' : 'may be dropping';
    // The model's own words, where it agrees with what happened: mode, its two parts, the way back.
    const why = verdict?.verdict === 'rp-filter' ? `: ${verdict.why}` : '';
    const { blocked } = proofs[0]!;
    if (blocked) {
      const asker = blocked.stop.station.label;
      return `${asker} cannot send ${what} from ${sources} by ${blocked.address}, which it asks for by ARP in vain: ${node.name} ${verb} what comes from there by ${name}, the ARP requests first, for its reverse-path filter${why}.`;
    }
    return `${node.name} ${verb} ${what} from ${sources} that come in by ${name}, for its reverse-path filter${why}.`;
  }
}

function gatherEvidence(suspicions: readonly Suspicion<RpFilterProof>[]): Evidence[] {
  const proofs = suspicions.map((s) => s.proof);
  const { node, place, counterRise, verdict } = proofs[0]!;
  const found: Evidence[] = [
    ...lostEvidence(
      suspicions.map(({ proof }) => proof.loss),
      ' and was seen nowhere after',
    ),
  ];

  if (proofs[0]!.blocked) found.push(vainEvidence(proofs[0]!.blocked));
  const martians = [...new Set(proofs.flatMap((p) => p.martians))];
  found.push(...martiansEvidence(node, martians));
  const drops = [...new Set(proofs.flatMap((p) => p.drops))];
  found.push(...recordsEvidence(node, drops));
  if (counterRise !== null) {
    found.push(riseEvidence(node, REVERSE_PATH_COUNTER, counterRise));
  }
  found.push(...checkEvidence(node, place.interface));
  if (verdict && verdict.verdict !== 'rp-filter' && verdict.unknown.length === 0) {
    const text = `the snapshot's settings would let it in (${verdict.why}): they seem to have been changed after the drop`;
    found.push(evidence('model', text, { node: node.name }));
  }
  if (verdict?.verdict === 'rp-filter') {
    found.push(
      evidence('route', `by the routes and rules of ${node.name}: ${verdict.why}`, { node: node.name }),
    );
  }
  return found;
}

function blindSpotEvidence({ name, netns }: NodeView, { network }: DiagnosisContext): Evidence[] {
  const station = network.station(name, netns);
  const lines = station?.blindSpots ?? [];
  return lines.map((line) => evidence('model', `assumed: ${station!.label}: ${line}`, { node: name }));
}

/** What else could have swallowed the packet, and why it did not. */
function ruledOut(proofs: readonly RpFilterProof[], context: DiagnosisContext): Alternative[] {
  const { node, place, loss, verdict, martians, drops } = proofs[0]!;
  const others: Alternative[] = [];
  if (place.seen && loss.role === 'request') {
    others.push({ cause: 'not-delivered', why: `the request was captured on its way into ${node.name}` });
  }
  if (drops.length > 0 || martians.some(isDated)) {
    const record =
      drops.length > 0
        ? 'the kernel gave IP_RPFILTER as its reason'
        : 'the kernel logged the packet as martian';
    others.push({ cause: 'filtered', why: `${record}, not a rule` });
  }
  if (verdict?.verdict === 'rp-filter' && verdict.lookup?.error === null) {
    const way = verdict.lookup.route?.type === 'local' ? undefined : verdict.lookup.hops[0];
    others.push({
      cause: 'no-route',
      why: way
        ? `${node.name} has a route on to the destination, by ${way.dev}`
        : `the destination is local to ${node.name}`,
    });
    if (loss.role === 'reply') {
      others.push({ cause: 'backend-silent', why: 'the reply was sent' });
    } else if (place.seen && way && context.covers(node, way.dev, lastSightings(loss))) {
      // A capture that did not show it come in may not show it leave either: its filter may hide it.
      others.push({
        cause: 'backend-silent',
        why: `${way.dev}, the way on, was captured, and the packet did not leave by it`,
      });
    }
  }
  return others;
}

const LOG_MARTIANS = 'net.ipv4.conf.all.log_martians';

/** What would confirm that the check drops what comes in by an interface. */
export function recordGap(node: NodeView, name: string, martians: readonly MartianRecord[]): Gap {
  const isOld = martians.length > 0 && !martians.some(isDated);
  return {
    node: node.name,
    interface: name,
    why: isOld
      ? `nothing dates the martian lines of ${node.name}, which may be older than the captures; one that has a time, or a drop reason, would confirm the drop`
      : `no record of the kernel's own names the drop on ${node.name}; a martian line or a drop reason would confirm it`,
    // Put back to what it is when the command is run, which no snapshot can tell.
    capture: `was=$(sysctl -n ${LOG_MARTIANS}); sysctl -w ${LOG_MARTIANS}=1; sleep 30; dmesg --time-format=iso > kernel.log; sysctl -w ${LOG_MARTIANS}="$was"`,
  };
}
