/** What left one node for another whose captures are of another time, by the clocks as they are: whether it came there is not known. */
import type { Gap } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { Nanoseconds } from '../../model/time.js';
import { capturesThen } from '../capture-times.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence } from '../evidence.js';
import { type Loss, lastSightings } from '../loss.js';
import { type Place, placeOf } from '../place.js';
import { captureCommand, captureFilter } from '../recording.js';
import { clockText, listed } from '../words.js';

interface Unwatched {
  place: Place;
  /** Since when, and until when, packets left for it. */
  first: Nanoseconds;
  last: Nanoseconds;
  /** Packets place the clocks of both against each other. */
  sure: boolean;
}

/** @returns null where the next node was captured at the time, or never, or is not known */
function unwatchedOf(loss: Loss, context: DiagnosisContext): Unwatched | null {
  const place = placeOf(loss, context);
  if (!place || place.seen || place.node.captures.length === 0) return null;
  const left = lastSightings(loss);
  if (!isOfAnotherTime(place.node, left, context)) return null;
  const times = left.flatMap(({ time }) => time ?? []);
  const [first, last] = [times[0], times.at(-1)];
  return first === undefined || last === undefined
    ? null
    : { place, first, last, sure: context.clocks.areJoined(loss.last.point.node, place.node.name) };
}

/** Whether none of the node's captures ran then; where no packet places its clock, unless that is wrong. */
export function isOfAnotherTime(
  node: NodeView,
  beside: readonly Sighting[],
  { clocks }: DiagnosisContext,
): boolean {
  return node.captures.length > 0 && capturesThen(node, beside, clocks, 0n).length === 0;
}

/**
 * When a capture was stopped, none says; one that is filtered shows nothing while all that it is filtered for is lost.
 */
function wordsOf({ place: { node }, first, last, sure }: Unwatched): string {
  const spans = node.captures.flatMap(({ file, firstTime, lastTime }) =>
    firstTime === null || lastTime === null ? [] : [{ file, firstTime, lastTime }],
  );
  const ends = spans.flatMap(({ firstTime, lastTime }) => [firstTime, lastTime]);
  const all = [first, last, ...ends].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const at = clockText(all[0]!, all.at(-1)!);
  const texts = spans.map(
    (span) => `from ${at(span.firstTime)} to ${at(span.lastTime)} (${span.file.replace(/^.*\//, '')})`,
  );
  const when = first === last ? `at ${at(first)}` : `from ${at(first)} to ${at(last)}`;
  const unless = sure ? '' : ', unless a clock is wrong, which no packet tells';
  return `packets left for ${node.name} ${when}, and its captures have packets ${listed(texts)} alone${unless}: they did not run at that time, or nothing came`;
}

export function unwatchedEvidence(loss: Loss | null, context: DiagnosisContext) {
  const found = loss && unwatchedOf(loss, context);
  return found ? [evidence('capture', wordsOf(found), { node: found.place.node.name })] : [];
}

export function unwatchedGap(loss: Loss, context: DiagnosisContext): Gap | null {
  const found = unwatchedOf(loss, context);
  if (!found) return null;
  const { node, interface: name } = found.place;
  const why = `${wordsOf(found)}; capture ${loss.last.point.node} and ${node.name} at the same time`;
  return { node: node.name, interface: name, why, capture: captureCommand(name, captureFilter(loss.last)) };
}
