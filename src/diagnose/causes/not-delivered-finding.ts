import type { Alternative, Evidence, Gap } from '../../model/analysis.js';
import type { Conclusion, Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { forgetting } from '../fixes/forget.js';
import { lastSightings } from '../loss.js';
import { entryEvidence } from '../neighbours/evidence.js';
import { overheardAt } from '../neighbours/wrong-entry.js';
import { listed, listedEndpoints } from '../words.js';
import { devicesWithXdp, xdpGap } from '../xdp.js';
import type { UndeliveredProof } from './not-delivered.js';
import { concludeUnresolved } from './not-delivered-unresolved.js';
import { isOfAnotherTime } from './unwatched.js';

export function concludeNotDelivered(
  suspicions: readonly Suspicion<UndeliveredProof>[],
  context: DiagnosisContext,
): Conclusion {
  const { node, interface: name, proof } = suspicions[0]!;
  const { loss, entries, silent, unresolved, address, wrong } = proof;
  if (unresolved) return concludeUnresolved(suspicions, unresolved, context);
  const attempts = suspicions.map((s) => s.attempt);
  const doors = [...entries, ...silent];
  const places = doors.map((place) => `${place.interface} of ${place.station.label}`);
  const servers = listedEndpoints(attempts.map(({ server }) => server));
  const door = doors[0]!.station.label;
  const doorNames = listed([...new Set(doors.map(({ station }) => station.label))]);
  const isOffTime = doors.some(({ station }) => {
    const view = context.node(station.node, station.netns);
    return view !== null && isOfAnotherTime(view, lastSightings(loss), context);
  });
  const overheard = doors.some(({ station }) => overheardAt(loss, station, context).length > 0);
  const xdp = (overheard ? [] : doors).flatMap(({ station, interface: device }) =>
    devicesWithXdp(station.snapshot, device!).map((at) => ({ station, device: at })),
  );
  const reason =
    silent.length > 0 && entries.length === 0 ? `nobody answers for the address: ${silent[0]!.why}` : null;
  const mistake = wrong
    ? `${wrong.holder.label} has the MAC ${wrong.mac} for ${wrong.address}, which is no MAC of ${doorNames}`
    : null;
  const known = mistake ?? reason;
  return {
    finding: {
      ...faultOf('not-delivered', suspicions, loss.last.point.netns),
      summary: `Requests to ${servers} were seen last on ${node}${name === null ? '' : ` (${name})`} and never came to ${listed(places)}, which was captured meanwhile${isOffTime ? ', unless the clocks are right, by which it was captured at another time' : ''}${overheard ? " and shows them in frames for another host's MAC alone" : ''}${reason === null ? '' : `; ${reason}`}.${mistake === null ? '' : ` ${mistake}.`}`,
      ...(known !== null && { known }),
      evidence: evidenceOf(),
      ...(wrong
        ? forgetting('not-delivered', wrong, attempts, context)
        : {
            fix: null,
            noFix:
              xdp.length > 0
                ? `what is between ${node} and ${door} did not carry it, or the XDP program there took it: which of them is not known`
                : `no setting of a node brings back a packet that never came to it: what is between ${node} and ${door} has to carry it`,
          }),
      alternatives: xdp.length > 0 ? [] : ruledOut(overheard),
    },
    gaps: wrong ? [] : [...xdp.map(({ station, device }) => xdpGap(station, device)), linkGap()],
  };

  function evidenceOf(): Evidence[] {
    const nowhere = overheard ? ' and came in nowhere after' : ' and was seen nowhere after';
    const lost = suspicions.flatMap((s) => lastSightings(s.proof.loss));
    const found = lost.slice(0, QUOTED).map((s) => packetEvidence(s, nowhere));
    if (wrong) found.push(...entryEvidence(wrong));
    for (const { station, interface: device, why } of doors.slice(0, QUOTED)) {
      const passing = suspicions
        .flatMap((s) => overheardAt(s.proof.loss, station, context))
        .filter(({ point }) => point.interface === device);
      if (passing.length > 0) {
        found.push(...passing.slice(0, QUOTED).map((s) => packetEvidence(s)));
        continue;
      }
      const captures = context.node(station.node, station.netns)?.captures ?? [];
      const file =
        captures.find((c) => c.interfaces === null || c.interfaces.includes(device!))?.file ?? null;
      const text = `${device} of ${station.label} was captured meanwhile and shows none of them (it would come in there: ${why})`;
      found.push(evidence('capture', text, { node: station.node, file }));
    }
    return found;
  }

  function linkGap(): Gap {
    return {
      node,
      interface: name,
      why: `what carries frames between ${node} and ${door} is not seen from either; who answers for ${address}, and which MAC ${node} sends to, tells where they go`,
      capture: address.includes(':')
        ? `ndisc6 ${address} ${name ?? 'IFACE'}; ip -6 neigh show ${address}`
        : `arping -c 3 -I '${name ?? 'IFACE'}' ${address}; ip neigh show ${address}`,
    };
  }
}

/** What cannot be, as the packet did not come in there. */
function ruledOut(overheard: boolean): Alternative[] {
  return overheard
    ? [
        { cause: 'filtered', why: "what is for another host's MAC comes to no filter of the node" },
        { cause: 'rp-filter', why: 'the same: no route is looked up for it' },
      ]
    : [
        {
          cause: 'filtered',
          why: 'a packet is captured before any filter of the node that it comes to, and it was not',
        },
        { cause: 'rp-filter', why: 'the same: it was not captured on its way in' },
      ];
}
