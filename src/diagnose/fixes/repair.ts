/**
 * The search for a fix: walk the connections, see what fails first, try what is known of against that on a copy of the
 * snapshots, and walk again. What only uncovers the next fault is carried on from there; what helps nothing is dropped.
 */
import type { Endpoint, Finding } from '../../model/analysis.js';
import type { Entry } from '../../network/entry.js';
import type { Network } from '../../network/network.js';
import { type Risk, riskOf } from '../prediction/risk.js';
import { allottedIn } from './allotted.js';
import { endingsOf, type Solution, toFix } from './fix.js';
import { type Guard, guardsFor } from './guards.js';
import type { FixIdea, Problem } from './idea.js';
import { IDEAS } from './ideas/registry.js';
import { isMended } from './mended.js';
import { nextText, nothingKnown, nothingToMend, SearchLog } from './search-log.js';
import { carriedOut } from './step.js';
import { type Errand, tryOut } from './trial.js';

/** Changes of one fix: whoever has to do more than these should look at the whole. */
const MOST_CHANGES = 3;

/** States of the network that are walked before the search is given up. */
const MOST_TRIED = 60;

export interface RepairRequest {
  network: Network;
  errands: readonly Errand[];
  /** What is asked for, beside what is to be mended: what of it works has to go on working. */
  services: readonly Endpoint[];
  /** Whether the clients stand for others beyond them. */
  anyone: boolean;
}

/** The fix; where there is none, why. */
export type Remedy = Pick<Finding, 'fix' | 'noFix'>;

interface State {
  /** Carried out when it is its turn: most states are never looked at. Null where the model cannot. */
  network: () => Network | null;
  ideas: readonly FixIdea[];
  /** What each of them left, but the last: the fault that comes next. */
  uncovered: readonly Risk[];
  cost: number;
}

/**
 * The cheapest of the changes that bring every connection to its end and worsen nothing that works. There is none where
 * the nodes' settings let them through as it is, and where nothing that is known of helps.
 */
export function repair(request: RepairRequest): Remedy {
  const guards = guardsOf(request);
  const log = new SearchLog();
  const open: State[] = [{ network: () => request.network, ideas: [], uncovered: [], cost: 0 }];
  for (let count = 0; open.length > 0 && count < MOST_TRIED; ) {
    const state = takeCheapest(open);
    const network = state.network();
    if (!network) {
      log.add(state.ideas, 'the model cannot carry it out');
      continue;
    }
    count++;
    const tried = state.ideas.at(-1)?.tried;
    if (tried !== undefined) return { fix: toFix({ ...solutionOf(state, network, []), mended: [tried] }) };
    const results = request.errands.map((errand) => tryOut(errand, network));
    const problem = problemOf(request, network, results);
    if (!problem) {
      if (state.ideas.length === 0) return { fix: null, noFix: nothingToMend(results) };
      const helps = results.some((result) => result?.mended === true);
      if (helps && guards(state, network)) return { fix: toFix(solutionOf(state, network, results)) };
      log.add(state.ideas, helps ? 'what works as it is would be lost by it' : 'how they end cannot be told');
      continue;
    }
    const fault = problem.risks[0]!;
    if (state.uncovered.some((risk) => keyOf(risk) === keyOf(fault))) {
      log.add(state.ideas, 'the same is in the way as before');
      continue;
    }
    const next = state.ideas.length < MOST_CHANGES ? nextStates(state, problem) : [];
    if (next.length > 0) open.push(...next);
    else if (state.ideas.length > 0) log.add(state.ideas, nextText(fault));
    else return { fix: null, noFix: nothingKnown(fault) };
  }
  return { fix: null, noFix: log.text };
}

/** The earliest of those that cost the least. */
function takeCheapest(open: State[]): State {
  const least = Math.min(...open.map((state) => state.cost));
  return open.splice(
    open.findIndex((state) => state.cost === least),
    1,
  )[0]!;
}

function nextStates(state: State, problem: Problem): State[] {
  const ideas = IDEAS[problem.risks[0]!.cause]?.(problem) ?? [];
  return ideas.map((idea) => ({
    network: () => carriedOut(problem.network, idea.steps),
    ideas: [...state.ideas, idea],
    uncovered: [...state.uncovered, problem.risks[0]!],
    cost: state.cost + idea.cost,
  }));
}

function problemOf(
  { network: original, errands, anyone }: RepairRequest,
  network: Network,
  results: readonly ReturnType<typeof tryOut>[],
): Problem | null {
  const failing = errands.flatMap((errand, i) =>
    (results[i]?.trips ?? [])
      .filter((trip) => isMended(trip, errand.back) === false)
      .map((trip) => ({ risk: riskOf(trip), errand })),
  );
  const first = failing[0]?.risk;
  if (!first) return null;
  const alike = failing.filter(({ risk }) => risk !== null && keyOf(risk) === keyOf(first));
  return {
    network,
    allotted: allottedIn(original),
    risks: alike.map(({ risk }) => risk!),
    whole: alike.length === failing.length,
    anyone,
    translated: alike.some(({ errand }) => errand.translated),
  };
}

function keyOf({ cause, station, interface: name, role, drop }: Risk): string {
  const rule = drop?.by === 'netfilter' ? `${drop.hook} ${drop.chain} ${drop.rule?.text}` : '';
  return [cause, station.label, name, role, rule].join('\n');
}

/** Whether what works as it is goes on working, on and around every node that is changed. */
function guardsOf({
  network,
  errands,
  services,
}: RepairRequest): (state: State, changed: Network) => boolean {
  const clients = [...new Set(errands.map((errand) => errand.client))];
  const doors = doorsOf(errands, network);
  const byNode = new Map<string, Guard[]>();
  return ({ ideas }, changed) =>
    ideas
      .flatMap((idea) => idea.steps)
      .every(({ node, netns }) => {
        const station = network.station(node, netns)!;
        let guards = byNode.get(station.label);
        if (!guards) {
          guards = guardsFor(network, station, { services, clients, doors });
          byNode.set(station.label, guards);
        }
        return guards.every((guard) => guard.works(changed));
      });
}

/** By the address that is asked for: where the errands' requests come in. */
function doorsOf(errands: readonly Errand[], network: Network): Map<string, Entry[]> {
  const doors = new Map<string, Entry[]>();
  const whole = errands.filter((errand) => !errand.translated);
  for (const { entry, server } of whole.flatMap((errand) => errand.walk(network))) {
    const known = doors.get(server.address) ?? [];
    const isSame = (other: Entry) => other.station === entry.station && other.interface === entry.interface;
    if (!known.some(isSame)) doors.set(server.address, [...known, entry]);
  }
  return doors;
}

function solutionOf(
  { ideas, uncovered }: State,
  network: Network,
  results: readonly ReturnType<typeof tryOut>[],
): Solution {
  return {
    ideas,
    uncovered: uncovered.slice(1),
    mendsAcks: uncovered.some(({ trip }) => trip.lostAck !== null),
    network,
    ...endingsOf(results.filter((result) => result !== null)),
  };
}
