/** Tunnel packets that get no farther than the link of the node that sends them: what they carry is lost with them. */
import type { Attempt } from '../../correlate/attempt.js';
import { carrierHop } from '../../network/carrier.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { evidence } from '../evidence.js';
import { type Loss, lossOf } from '../loss.js';
import { entryEvidence } from '../neighbours/evidence.js';
import { silentOwner } from '../neighbours/unanswered.js';
import { untakenAnswer, untakenEvidence } from '../neighbours/untaken-answer.js';
import { type WrongEntry, wrongNextHopOf } from '../neighbours/wrong-entry.js';
import { shellWord } from '../shell-word.js';
import { PACKETS } from '../words.js';
import { entryInVain } from './asked-in-vain.js';
import { inVainText } from './blocked-reply.js';
import { coursesOf, coursesOfLost } from './courses.js';
import type { KnownOfLoss } from './known-of-loss.js';
import { stateEvidence, unresolvedGap } from './unresolved-evidence.js';

/** The next step of a lost packet's way, through a tunnel. */
interface TunnelStep {
  loss: Loss;
  station: Station;
  /** The tunnel's device there. */
  tunnel: string;
  /** By which the tunnel packet leaves, and the address of its next hop. */
  device: string;
  address: string;
}

/** @returns null where nothing says that the tunnel packet did not get to its next hop */
export function lostCarrier(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  const step = tunnelStep(attempt, context);
  if (!step) return null;
  return unresolved(step, context) ?? misaddressed(step, context);
}

/** The sender's entry for the tunnel packet's next hop, where it has a MAC of nobody whom it stands for. */
export function wrongCarrierEntry(attempt: Attempt, context: DiagnosisContext): WrongEntry | null {
  const step = tunnelStep(attempt, context);
  return step && wrongEntryOf(step, context);
}

function tunnelStep(attempt: Attempt, context: DiagnosisContext): TunnelStep | null {
  const loss = lossOf(attempt);
  const courses = loss && !loss.made ? coursesOf(attempt, context) : null;
  if (!loss || !courses) return null;
  for (const { journey, stops, reached, missedAt } of coursesOfLost(courses)) {
    const [before, next] = [stops[reached - 1], stops[reached]];
    // The tunnel's device itself may be in no capture; where it is in one, the packet was handed to it.
    const out = next?.direction === 'out' && next !== missedAt ? next : before;
    const [leg, far] = out?.direction === 'out' ? journey.legs.slice(out.leg) : [];
    if (!leg?.hop || !far || far.interface === null) continue;
    const outer = carrierHop(leg.station, leg.hop, { station: far.station, interface: far.interface });
    if (!outer) continue;
    const { station } = leg;
    return { loss, station, tunnel: leg.hop.dev, device: outer.hop.dev, address: outer.address };
  }
  return null;
}

function unresolved(step: TunnelStep, context: DiagnosisContext): KnownOfLoss | null {
  const { loss, station, tunnel, device, address } = step;
  const entry = loss.last.encapsulations.length === 0 ? entryInVain(station, device, address) : null;
  if (!entry) return null;
  const untaken = untakenAnswer(station, device, address, context);
  const owner = untaken ? null : silentOwner(address, station, context);
  return {
    words: `${station.label} sends what carries the ${PACKETS[loss.role]} through its tunnel ${tunnel} by ${device} to ${address}, and ${inVainText(address, untaken)}`,
    evidence: [
      stateEvidence(entry, station.node),
      ...(untaken ? [untakenEvidence(untaken)] : []),
      ...(owner ? [evidence('model', owner.why, { node: owner.station.node })] : []),
    ],
    gap: unresolvedGap({ station, hop: { dev: device, via: null }, address, untaken }),
  };
}

function misaddressed(step: TunnelStep, context: DiagnosisContext): KnownOfLoss | null {
  const wrong = wrongEntryOf(step, context);
  if (!wrong) return null;
  const { loss, station, tunnel, device, address } = step;
  const name = shellWord(device);
  return {
    words: `${station.label} sends what carries the ${PACKETS[loss.role]} through its tunnel ${tunnel} by ${device} to the MAC ${wrong.mac}, which it has for ${address} and which is not that host's`,
    evidence: entryEvidence(wrong),
    gap: {
      node: station.node,
      interface: device,
      why: `${station.label} has to forget that entry and ask anew; where it is a permanent one, some configuration sets it`,
      capture: `ip neigh show ${address} dev ${name}; ip neigh del ${address} dev ${name}; ping -c 1 ${address}; ip neigh show ${address} dev ${name}`,
    },
  };
}

function wrongEntryOf({ loss, station, device, address }: TunnelStep, context: DiagnosisContext) {
  const { encapsulations, etherDestination } = loss.last;
  const mac = encapsulations.length > 0 ? etherDestination : null;
  return wrongNextHopOf(address, station, { interface: device, mac }, context);
}
