/** What a finding about a drop shows: the packets, the kernel's own records, and the settings that decided. */

import { sysctlKey } from '../../kernel/sysctl.js';
import type { Evidence } from '../../model/analysis.js';
import { wayText } from '../../network/narrate.js';
import type { Suspicion } from '../cause.js';
import {
  evidence,
  packetEvidence,
  QUOTED,
  recordsEvidence,
  riseEvidence,
  ruleEvidence,
  sysctlEvidence,
} from '../evidence.js';
import { lostEvidence } from '../lost-evidence.js';
import type { DemandedDrop } from './demand.js';
import type { DropProof } from './examine.js';

export function dropEvidence(suspicions: readonly Suspicion<DropProof>[]): Evidence[] {
  const { node, demanded, doubtful, answers: refusals } = suspicions[0]!.proof;
  const done = refusals.length > 0 ? 'rejected' : 'dropped';
  return [
    ...packets(suspicions),
    ...answers(suspicions),
    ...records(suspicions),
    ...counter(suspicions[0]!.proof),
    ...(demanded ? settings(demanded, suspicions[0]!.proof) : []),
    ...suspicions[0]!.proof.outdated,
    ...doubtful
      .slice(0, QUOTED)
      .map((line) => evidence('rule', `it may have been ${done}: ${line}`, { node: node.name })),
    ...(demanded?.doubts ?? [])
      .slice(0, QUOTED)
      .map((line) => evidence('model', `assumed: ${line}`, { node: node.name })),
  ];
}

function packets(suspicions: readonly Suspicion<DropProof>[]): Evidence[] {
  const { loss, demanded } = suspicions[0]!.proof;
  const remark =
    demanded && demanded.role !== loss.role ? ' and no answer was seen' : ' and was seen nowhere after';
  return lostEvidence(
    suspicions.map(({ proof }) => proof.loss),
    remark,
  );
}

function answers(suspicions: readonly Suspicion<DropProof>[]): Evidence[] {
  return suspicions
    .flatMap(({ proof }) => proof.answers.slice(0, 1))
    .slice(0, QUOTED)
    .map((sighting) => {
      const { icmp } = sighting;
      const said = icmp
        ? ` (from ${icmp.from}, type ${icmp.type}, code ${icmp.code})`
        : ', sent by the rule in place of the server';
      return packetEvidence(sighting, said);
    });
}

function records(suspicions: readonly Suspicion<DropProof>[]): Evidence[] {
  const { node } = suspicions[0]!.proof;
  const found = [...new Set(suspicions.flatMap(({ proof }) => proof.records))];
  return recordsEvidence(node, found);
}

function counter({ counter: moved, node }: DropProof): Evidence[] {
  if (moved?.rise == null) return [];
  return [riseEvidence(node, moved.name, moved.rise)];
}

function settings(demanded: DemandedDrop, { node }: DropProof): Evidence[] {
  const { drop, station, leg, seen, course } = demanded;
  const at = { node: station.node };
  const found: Evidence[] = [];
  if (drop.by === 'netfilter' && drop.rule) found.push(ruleEvidence(station, drop.rule));
  if (drop.by === 'netfilter' && !drop.rule) {
    found.push(
      evidence(
        'rule',
        `policy of ${drop.chain}, in ${drop.hook}: drop; no rule before it takes the packet`,
        at,
      ),
    );
  }
  if (drop.by === 'netfilter') {
    // The last ones are the nearest to the drop.
    found.push(...leg.passage.missedSets.slice(-QUOTED).map((line) => evidence('rule', line, at)));
  }
  if (drop.by === 'netfilter' && drop.check) {
    const source = leg.passage.packet.source.text;
    const { why } = station.model.output({ source: null, destination: source });
    found.push(evidence('route', `the way back to ${source} by the routes of ${station.label}: ${why}`, at));
  }
  if (drop.by === 'routing') {
    if (drop.verdict.verdict === 'forwarding-off')
      found.push(...forwarding(demanded).map((key) => sysctlEvidence(node, key)));
    else
      found.push(evidence('route', `by the routes and rules of ${station.label}: ${drop.verdict.why}`, at));
  }
  if (!seen || leg !== course.journey.legs[0]) {
    found.push(
      evidence('model', `by the nodes' settings the ${course.role} goes ${wayText(course.journey)}`, at),
    );
  }
  return found;
}

/** The keys that turn forwarding on: of IPv4 ip_forward sets that of every interface. */
function forwarding({ leg, interface: name }: DemandedDrop): string[] {
  if (leg.passage.packet.family === 6) return ['net.ipv6.conf.all.forwarding'];
  return ['net.ipv4.ip_forward', sysctlKey('net.ipv4.conf', name!, 'forwarding')];
}
