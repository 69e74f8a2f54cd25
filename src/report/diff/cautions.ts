import type { Analysis, AnalysisInput } from '../../model/analysis.js';
import { parseTime } from '../../model/time.js';
import { isIncomplete, isUnfollowed } from '../terminal/inputs.js';
import { counted, cutOffArchives } from '../terminal/words.js';

/** What has to be known of the two analyses before their comparison is relied on, a sentence each. */
export function cautionsOf(before: Analysis, after: Analysis): string[] {
  const cautions: string[] = [];
  if (isSame(before, after)) {
    cautions.push('Both are of the same captures: nothing can have changed between them.');
  } else if (isEarlier(after, before)) {
    cautions.push(
      'What is given as captured after ended before the other began: they may be the wrong way round.',
    );
  }
  for (const [when, { inputs, gaps }] of [
    ['before', before],
    ['after', after],
  ] as const) {
    const flawed = inputs.filter((input) => isIncomplete(input) || isUnfollowed(input)).length;
    if (flawed > 0) {
      const are = flawed === 1 ? 'is' : 'are';
      cautions.push(
        `${flawed} of ${counted(inputs.length, 'capture file')} from ${when} ${are} incomplete: what is not seen there may have been there.`,
      );
    }
    for (const archive of cutOffArchives(gaps)) {
      cautions.push(`${archive} from ${when} is cut off: what came after that might tell otherwise.`);
    }
  }
  if (before.redacted && after.redacted) {
    cautions.push('Both are redacted: other addresses, MACs and names stand for those that there were.');
  } else if (before.redacted || after.redacted) {
    cautions.push('One of them is redacted and the other is not: what is the same has two names here.');
  }
  for (const change of after.supposed ?? []) {
    cautions.push(`After is supposed: nobody has made this change: ${change}.`);
  }
  const isSeen = ({ vips, totals }: Analysis) =>
    totals.length === 0 ||
    vips.every(({ address, source }) => source !== 'flag' || totals.some(({ vip }) => vip === address));
  if (!isSeen(before) || !isSeen(after)) {
    cautions.push('Of a VIP that was asked for, no connection was captured: what is compared is of others.');
  }
  return cautions;
}

function isSame(before: Analysis, after: Analysis): boolean {
  const told = ({ inputs }: Analysis) =>
    JSON.stringify(
      inputs.map(({ node, packets, bytes, firstTime, lastTime }) => [
        node,
        packets,
        bytes,
        firstTime,
        lastTime,
      ]),
    );
  return before.inputs.length > 0 && told(before) === told(after);
}

function isEarlier({ inputs: some }: Analysis, { inputs: others }: Analysis): boolean {
  const ends = times(some, 'lastTime');
  const begins = times(others, 'firstTime');
  const last = ends.at(-1);
  const first = begins[0];
  return last !== undefined && first !== undefined && last < first;
}

function times(inputs: readonly AnalysisInput[], which: 'firstTime' | 'lastTime'): bigint[] {
  return inputs
    .flatMap((input) => {
      const text = input[which];
      const time = text === null ? null : parseTime(text);
      return time === null ? [] : [time];
    })
    .sort((a, b) => (a < b ? -1 : Number(a > b)));
}
