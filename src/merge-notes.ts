/** What somebody who reads a merged file should know of it, in words. */
import type { CaptureResult } from './correlate/reading/inputs.js';
import type { AnalysisClock } from './model/analysis.js';
import type { Snapshot } from './model/snapshot.js';
import { durationText } from './report/terminal/words.js';

const NAME_RESOLUTION = 4;
const DECRYPTION_SECRETS = 10;

/** How the times of each node's packets were made, a line a node; nothing where all are of one node. */
export function clockNotes(clocks: readonly AnalysisClock[]): string[] {
  const first = clocks[0]?.node;
  if (clocks.length < 2) return [];
  return [
    `times are by the clock of ${first}`,
    ...clocks.slice(1).map((clock) => `${clock.node}: ${clockNote(clock)}`),
  ];
}

function clockNote({ offsetNs, uncertaintyNs, driftPpm, bound, wasSet }: AnalysisClock): string {
  if (offsetNs === null)
    return 'no packet joins its clock to that: its order among the others is not certain';
  const direction = offsetNs < 0 ? 'behind' : 'ahead';
  const parts = [`its clock was ${durationText(Math.abs(offsetNs))} ${direction}, and its times are moved`];
  if (driftPpm !== null && driftPpm !== 0) parts.push(`drift ${driftPpm.toFixed(1)} ppm`);
  if (bound) parts.push(`packets went one way alone: that is what it was ${bound.replace('-', ' ')}`);
  else if (uncertaintyNs === null) parts.push('how exact that is, is not known');
  else parts.push(`give or take ${durationText(uncertaintyNs)}`);
  if (wasSet) parts.push('one of the two was set meanwhile: its order among the others is not certain');
  return parts.join('; ');
}

/** What of the captures is not in the merged file. */
export function lossNotes(captures: readonly CaptureResult[]): string[] {
  return captures.flatMap(({ file, summary }) => {
    const { otherBlocks = [], truncated, error } = summary;
    const kinds = [
      ...(otherBlocks.includes(NAME_RESOLUTION) ? ['names of addresses'] : []),
      ...(otherBlocks.includes(DECRYPTION_SECRETS) ? ['decryption secrets'] : []),
      ...(otherBlocks.some((type) => type !== NAME_RESOLUTION && type !== DECRYPTION_SECRETS)
        ? ['blocks of other kinds']
        : []),
    ];
    const lines = kinds.length === 0 ? [] : [`${file.file}: ${kinds.join(' and ')} are left out`];
    if (truncated) lines.push(`${file.file}: is cut off: what came after is missing`);
    if (error) lines.push(error.message);
    return lines;
  });
}

/** What stands beside the captures has no place in a file of packets, and is half of what findings rest on. */
export function snapshotNotes(snapshots: readonly Snapshot[]): string[] {
  if (snapshots.length === 0) return [];
  return [
    "the nodes' settings, counters and logs are not in it: to analyze it, give their bundles beside it",
  ];
}
