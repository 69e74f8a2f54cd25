/**
 * What could be done about reverse-path drops: the least change that keeps the most protection first. Loose mode
 * alone often lets the request in only to send the reply out by another way, untranslated.
 */
import { sysctlKey, sysctlValue } from '../../../kernel/sysctl.js';
import { outerInterfaces } from '../../../network/link.js';
import type { Station } from '../../../network/station.js';
import { shellWord } from '../../shell-word.js';
import { COST, type FixIdea, type IdeasFor } from '../idea.js';
import { step } from '../step.js';
import { connectionMarks } from './connection-mark.js';
import { localPolicy } from './local-policy.js';
import { onLinkRouting } from './on-link.js';
import { refusingRoute } from './refusing-route.js';
import { backTheWayIn } from './source-routing.js';
import { wayInto } from './way-in.js';

export const rpFilterIdeas: IdeasFor = (problem) => {
  const { station, interface: name, drop, role } = problem.risks[0]!;
  if (name === null || drop?.by !== 'routing') return [];
  const mode = drop.verdict.sourceCheck?.rpFilter ?? 0;
  const isBare = !station.model.localAddresses.some(
    (own) => own.interface === name && !own.address.includes(':'),
  );
  // What refuses the source on the way back would refuse the reply as well: no looser check lets that through.
  const ideas = [
    markedCheck(station, name),
    ...refusingRoute(station, drop.verdict.sourceCheck?.wayBack ?? null, 4),
  ];
  if (role === 'request') {
    ideas.push(onLinkRouting(problem), ...backFrom(problem));
    ideas.push(...connectionMarks(problem, { checked: true }));
  }
  ideas.push(...localPolicy(problem));
  if (mode === 1 && !isBare) ideas.push(loose(station, name));
  if (isBare) ideas.push(addressed(station, name, mode));
  ideas.push(off(station, name));
  return ideas.filter((idea) => idea !== null);
};

/** For a server here; and for pods where another node has translated: else replies may well go another way. */
function backFrom(problem: Parameters<IdeasFor>[0]): FixIdea[] {
  const { drop } = problem.risks[0]!;
  const local = drop?.by === 'routing' && drop.verdict.lookup?.route?.type === 'local';
  return local || wayInto(problem)?.translated ? backTheWayIn(problem) : [];
}

function loose(station: Station, name: string): FixIdea {
  const key = sysctlKey('net.ipv4.conf', name, 'rp_filter');
  return {
    summary: `Set the reverse-path filter of ${name} on ${station.label} to loose mode.`,
    steps: [step(station, `sysctl -w ${shellWord(`${key}=2`)}`)],
    risk: `${name} then takes packets from any source that the node has some route to, so spoofed sources are no longer told by their interface there.`,
    cost: COST.change + COST.looser,
  };
}

/** fib_validate_source() refuses an interface with no address in loose mode as well; any address will do. */
function addressed(station: Station, name: string, mode: number): FixIdea | null {
  const outer = outerInterfaces(station);
  const own = station.model.localAddresses.find(
    (a) => outer.includes(a.interface) && !a.address.includes(':') && a.scope === 'global',
  );
  if (!own) return null;
  const key = sysctlKey('net.ipv4.conf', name, 'rp_filter');
  const filter = mode === 1 ? [step(station, `sysctl -w ${shellWord(`${key}=2`)}`)] : [];
  return {
    summary: `Give ${name} on ${station.label} an address: without one the kernel drops in loose mode too. Its own ${own.address} will do, if the network has no other for it.`,
    steps: [step(station, `ip addr add ${own.address}/32 dev ${shellWord(name)}`), ...filter],
    risk: `${name} then takes packets from any source that the node has some route to.`,
    cost: COST.change + COST.looser,
  };
}

/** Where the way back depends on a mark, the check looks it up without, unless it is told. */
function markedCheck(station: Station, name: string): FixIdea | null {
  const { snapshot } = station;
  const marked = snapshot.rules4?.some((rule) => rule.fwmark !== null);
  const sees = ['all', name].some((n) => sysctlValue(snapshot, 'net.ipv4.conf', n, 'src_valid_mark') === '1');
  if (!marked || sees) return null;
  const key = sysctlKey('net.ipv4.conf', name, 'src_valid_mark');
  return {
    summary: `Have the reverse-path filter of ${name} on ${station.label} look up the way back with the packet's mark, as its policy rules do.`,
    steps: [step(station, `sysctl -w ${shellWord(`${key}=1`)}`)],
    risk: 'The filter stays as strict as it is.',
    cost: COST.change,
  };
}

function off(station: Station, name: string): FixIdea {
  const all = sysctlKey('net.ipv4.conf', 'all', 'rp_filter');
  const key = sysctlKey('net.ipv4.conf', name, 'rp_filter');
  return {
    summary: `Turn the reverse-path filter of ${name} on ${station.label} off; the larger of conf.all and the interface counts, so both are set.`,
    steps: [step(station, `sysctl -w ${all}=0 ${shellWord(`${key}=0`)}`)],
    risk: `Interfaces that rested on conf.all alone lose their check as well: set theirs to 1 or 2. On ${name} any source is believed.`,
    cost: COST.change + COST.unchecked,
  };
}
