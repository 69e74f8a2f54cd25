/** Reports in text are the same where of most attempts no path is told: it is of those that they show. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { analyze } from '../../src/analyze.js';
import type { PathListing } from '../../src/assemble.js';
import type { AnalysisAttempt } from '../../src/model/analysis.js';
import { renderMarkdown } from '../../src/report/markdown.js';
import { renderTerminal } from '../../src/report/terminal.js';
import { renderText } from '../../src/report/text.js';
import { ACK, pcapOf, RST, type Segment, SYN } from '../correlate/track/wire.js';
import { bundlesIn } from '../scenarios/truth.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';

async function reports(inputs: readonly string[], paths: PathListing) {
  const options = { vips: [], keepGoing: false, attempts: 'default', warn() {}, paths } as const;
  const analysis = await analyze(inputs, options);
  const terminal = renderTerminal(analysis, { columns: 100, color: true });
  return {
    analysis,
    texts: [terminal, renderText(analysis), renderMarkdown(analysis)],
    told: analysis.attempts.filter(({ path }) => path.length > 0).length,
  };
}

for (const name of [
  'rp-filter-strict',
  'rp-filter-intermittent',
  'healthy-masquerade',
  'arp-conflict-kernel',
  // Of one finding, some were slow before the first one failed.
  'arp-conflict-stranger',
]) {
  test(`${name}: reports are the same`, async (t) => {
    const inputs = bundlesIn(fixture(name));
    t.deepEqual((await reports(inputs, 'shown')).texts, (await reports(inputs, 'listed')).texts);
  });
}

test('of hundreds of attempts that failed in two ways, a few paths are told, and reports are the same', async (t) => {
  const path = join(scratch(t), 'any.pcap');
  // Those that are refused come last, behind all that the table has room for.
  const segments = Array.from({ length: 400 }, (_, i): Segment[] => {
    const ends = { from: 20 + (i % 40), to: 5 + (i % 3), fromPort: 1024 + i, toPort: 80 };
    const back = { from: ends.to, to: ends.from, fromPort: 80, toPort: ends.fromPort };
    const time: [number, number] = [1_700_000_000 + i, 0];
    const syn = { time, ...ends, flags: SYN, sequence: i };
    return i < 300 ? [syn] : [syn, { time, ...back, flags: RST | ACK, acknowledgment: i + 1 }];
  });
  await writeFile(path, pcapOf(segments.flat(), { link: 'ethernet' }));
  const shown = await reports([path], 'shown');
  const listed = await reports([path], 'listed');
  t.deepEqual(shown.texts, listed.texts);
  t.is(listed.told, 400);
  t.true(shown.told > 20 && shown.told < 40, `${shown.told}`);
  t.true(shown.analysis.findings.length > 1);
  // The others are told all the same, where somebody asks.
  const whole = listed.analysis.attempts.map((attempt) => ({ ...attempt, path: null }));
  const copied: unknown[] = JSON.parse(JSON.stringify(shown.analysis.attempts));
  t.deepEqual(
    copied.map((attempt) => ({ ...(attempt as object), path: null })),
    JSON.parse(JSON.stringify(whole)),
  );
  const read = ({ path: _, ...rest }: AnalysisAttempt) => Object.keys(rest);
  const names = read(listed.analysis.attempts[0]!) as (keyof AnalysisAttempt)[];
  for (const [i, attempt] of shown.analysis.attempts.entries()) {
    for (const name of names) t.deepEqual(attempt[name], listed.analysis.attempts[i]![name]);
  }
});
