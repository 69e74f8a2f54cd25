import type { AnalysisAttempt, Finding, PathStep, Role } from '../../../model/analysis.js';
import { oneTry } from '../../terminal/ladder.js';
import { lastSightingIndex, nodeText } from '../../terminal/words.js';

/** One stay of a packet and of its reply on a node. */
export interface Station {
  /** `node1`, or `node1/pod1` for another network namespace. */
  name: string;
  /** What the request was seen on, in its order. */
  requests: PathStep[];
  /** What the reply was seen on, in its order. */
  replies: PathStep[];
}

/** The way of one try from the client (first) to the backend (last). */
export interface Way {
  stations: Station[];
  /** Which packet got nowhere, and the station where it was seen last; null where none was lost. */
  lost: { role: Role; station: Station } | null;
  /** Where the finding has the fault; null where it names no node. */
  fault: Station | null;
}

/**
 * The stations of the try that the ladder shows.
 *
 * @param finding null where nothing went wrong
 * @returns null where the attempt has no path
 */
export function wayOf(attempt: AnalysisAttempt, finding: Finding | null): Way | null {
  const steps = shownSteps(attempt, finding);
  if (steps.length === 0) return null;
  const stations: Station[] = [];
  for (const run of runsOf(steps, 'request')) stations.push(station(run, 'requests'));
  let below = stations.length;
  // From the backend up: each run of the reply's belongs to the nearest stay on its node above the one before.
  for (const run of runsOf(steps, 'reply')) {
    const name = nodeText(run[0]!)!;
    const at = stations.findLastIndex((one, i) => i < below && one.name === name);
    if (at >= 0) {
      stations[at]!.replies.push(...run);
      below = at;
    } else {
      stations.splice(below, 0, station(run, 'replies'));
    }
  }
  const last = steps.at(-1)!;
  const isLost = finding !== null && (finding.severity === 'fault' || (finding.slow ?? 0) > 0);
  const end = stations.find((one) => one.requests.includes(last) || one.replies.includes(last))!;
  return {
    stations,
    lost: isLost ? { role: last.role, station: end } : null,
    fault: isLost ? faultOf(stations, finding, end) : null,
  };
}

/** The sightings of one try, as the picture and the table below it show them. */
export function shownSteps(attempt: AnalysisAttempt, finding: Finding | null): PathStep[] {
  const { path } = attempt;
  if (path.length === 0) return [];
  if (finding !== null) return oneTry(path, lastSightingIndex(attempt));
  const end = path.findLastIndex((step) => step.role === 'reply');
  return oneTry(path, end >= 0 ? end : lastSightingIndex(attempt));
}

function station(run: PathStep[], side: 'requests' | 'replies'): Station {
  return { name: nodeText(run[0]!)!, requests: [], replies: [], [side]: run };
}

/** Sightings of one role that follow each other on one node. */
function runsOf(steps: readonly PathStep[], role: Role): PathStep[][] {
  const runs: PathStep[][] = [];
  for (const step of steps.filter((own) => own.role === role)) {
    const current = runs.at(-1);
    if (current && nodeText(current[0]!) === nodeText(step)) current.push(step);
    else runs.push([step]);
  }
  return runs;
}

/** A node that the packet was not seen on is put behind the one where it was seen last. */
function faultOf(stations: Station[], finding: Finding, end: Station): Station | null {
  const name = nodeText(finding);
  if (name === null || name === end.name) return name === null ? null : end;
  const known = stations.find((one) => one.name === name);
  if (known) return known;
  const added: Station = { name, requests: [], replies: [] };
  stations.splice(stations.indexOf(end) + (end.replies.length > 0 ? 0 : 1), 0, added);
  return added;
}
