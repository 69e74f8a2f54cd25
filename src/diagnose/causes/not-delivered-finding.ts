import type { Evidence } from '../../model/analysis.js';
import type { Conclusion, Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { unresolvedEvidence, unresolvedGap } from '../drops/unresolved-evidence.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { forgetting } from '../fixes/forget.js';
import { lastSightings } from '../loss.js';
import { entryEvidence, messageEvidence, resolutionOf } from '../neighbours/evidence.js';
import { ownClaim, ownClaimFix, ownClaimGap, ownClaimText } from '../neighbours/own-claim.js';
import { silentOwner } from '../neighbours/unanswered.js';
import { overheardAt } from '../neighbours/wrong-entry.js';
import { listed, listedEndpoints } from '../words.js';
import { devicesWithXdp, xdpGap } from '../xdp.js';
import type { UndeliveredProof } from './not-delivered.js';
import { isOfAnotherTime } from './unwatched.js';

export function concludeNotDelivered(
  suspicions: readonly Suspicion<UndeliveredProof>[],
  context: DiagnosisContext,
): Conclusion {
  const { node, interface: name, proof } = suspicions[0]!;
  const { loss, entries, silent, unresolved, address, wrong } = proof;
  const attempts = suspicions.map((s) => s.attempt);
  const places = [...entries, ...silent].map((place) => `${place.interface} of ${place.station.label}`);
  const servers = listedEndpoints(suspicions.map((s) => s.attempt.server));
  const protocol = resolutionOf(address);
  const claim =
    unresolved && ownClaim(unresolved.station, unresolved.hop.dev, unresolved.address, loss.last, context);
  const reason = claim
    ? ownClaimText(claim)
    : unresolved
      ? `nobody answers ${protocol === 'NDP' ? 'neighbour solicitations' : protocol} for ${unresolved.address} on ${unresolved.hop.dev}`
      : silent.length > 0 && entries.length === 0
        ? `nobody answers for the address: ${silent[0]!.why}`
        : null;
  const { netns } = loss.last.point;
  const door = [...entries, ...silent][0]?.station.label ?? address;
  const doorNames = listed([...new Set([...entries, ...silent].map(({ station }) => station.label))]);
  const mistake = wrong
    ? `${wrong.holder.label} has the MAC ${wrong.mac} for ${wrong.address}, which is no MAC of ${doorNames}`
    : null;
  const known = mistake ?? reason;
  const elsewhen = [...entries, ...silent].some(({ station }) => {
    const view = context.node(station.node, station.netns);
    return view !== null && isOfAnotherTime(view, lastSightings(loss), context);
  });
  const owner = unresolved && !claim ? silentOwner(unresolved.address, unresolved.station, context) : null;
  const overheard = [...entries, ...silent].some(
    ({ station }) => overheardAt(loss, station, context).length > 0,
  );
  const doors = unresolved || overheard ? [] : [...entries, ...silent];
  const xdp = doors.flatMap(({ station, interface: device }) =>
    devicesWithXdp(station.snapshot, device!).map((at) => ({ station, device: at })),
  );
  return {
    finding: {
      ...faultOf('not-delivered', suspicions, netns),
      summary: unresolved
        ? `${unresolved.station.label} cannot hand on requests to ${servers}: ${reason}.`
        : `Requests to ${servers} were seen last on ${node}${name === null ? '' : ` (${name})`} and never came to ${listed(places)}, which was captured meanwhile${elsewhen ? ', unless the clocks are right, by which it was captured at another time' : ''}${overheard ? " and shows them in frames for another host's MAC alone" : ''}${reason === null ? '' : `; ${reason}`}.${mistake === null ? '' : ` ${mistake}.`}`,
      ...(known !== null && { known }),
      evidence: evidenceOf(suspicions),
      ...(wrong
        ? forgetting('not-delivered', wrong, attempts, context)
        : claim
          ? { fix: ownClaimFix(claim) }
          : {
              fix: null,
              noFix: unresolved
                ? `no setting of ${unresolved.station.label} lets it reach an address that nobody answers for: ${owner?.why ?? `who has ${unresolved.address} is down, or not on the link of ${unresolved.hop.dev}`}`
                : xdp.length > 0
                  ? `what is between ${node} and ${door} did not carry it, or the XDP program there took it: which of them is not known`
                  : `no setting of a node brings back a packet that never came to it: what is between ${node} and ${door} has to carry it`,
            }),
      alternatives: unresolved
        ? [
            {
              cause: 'no-route',
              why: `${unresolved.station.label} has a route to it, by ${unresolved.hop.dev}`,
            },
          ]
        : xdp.length > 0
          ? []
          : [
              {
                cause: 'filtered',
                why: overheard
                  ? "what is for another host's MAC comes to no filter of the node"
                  : `a packet is captured before any filter of the node that it comes to, and it was not`,
              },
              {
                cause: 'rp-filter',
                why: overheard
                  ? 'the same: no route is looked up for it'
                  : 'the same: it was not captured on its way in',
              },
            ],
    },
    gaps: wrong
      ? []
      : claim
        ? [ownClaimGap(claim)]
        : unresolved
          ? [unresolvedGap(unresolved)]
          : [
              ...xdp.map(({ station, device }) => xdpGap(station, device)),
              {
                node,
                interface: name,
                why: `what carries frames between ${node} and ${door} is not seen from either; who answers for ${address}, and which MAC ${node} sends to, tells where they go`,
                capture: address.includes(':')
                  ? `ndisc6 ${address} ${name ?? 'IFACE'}; ip -6 neigh show ${address}`
                  : `arping -c 3 -I '${name ?? 'IFACE'}' ${address}; ip neigh show ${address}`,
              },
            ],
  };

  function evidenceOf(all: readonly Suspicion<UndeliveredProof>[]): Evidence[] {
    const lost = all.flatMap((s) => lastSightings(s.proof.loss));
    const found = lost
      .slice(0, QUOTED)
      .map((s) =>
        packetEvidence(s, overheard ? ' and came in nowhere after' : ' and was seen nowhere after'),
      );
    if (unresolved) found.push(...unresolvedEvidence(unresolved));
    if (claim?.message) found.push(messageEvidence(claim.message));
    if (owner) found.push(evidence('model', owner.why, { node: owner.station.node }));
    if (wrong) found.push(...entryEvidence(wrong));
    for (const { station, interface: device, why: reason } of [...entries, ...silent].slice(0, QUOTED)) {
      const captures = context.node(station.node, station.netns)?.captures ?? [];
      const file =
        captures.find((c) => c.interfaces === null || c.interfaces.includes(device!))?.file ?? null;
      const passing = all
        .flatMap((s) => overheardAt(s.proof.loss, station, context))
        .filter(({ point }) => point.interface === device);
      if (passing.length > 0) {
        found.push(...passing.slice(0, QUOTED).map((s) => packetEvidence(s)));
        continue;
      }
      const text = `${device} of ${station.label} was captured meanwhile and shows none of them (it would come in there: ${reason})`;
      found.push(evidence('capture', text, { node: station.node, file }));
    }
    return found;
  }
}
