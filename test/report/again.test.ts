/**
 * Every format made again from the JSON of an analysis is what the analysis itself gives, octet for octet; and all of
 * them, read as a person does, have the same numbers.
 */
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import { FORMATS, rendered } from '../../src/cli/print-analysis.js';
import type { Analysis } from '../../src/model/analysis.js';
import { renderJson } from '../../src/report/json.js';
import { parseAnalysis } from '../../src/report/schema/parse-analysis.js';
import { renderTerminal } from '../../src/report/terminal.js';
import { SCENARIOS } from '../lab/scenarios/index.js';
import { bundlesIn, readTruth } from '../scenarios/truth.js';
import { fixture } from '../support.js';
import { type Numbers, ofAnalysis, ofHtml, ofLines } from './numbers.js';

async function inAllFormats(analysis: Analysis): Promise<Record<string, string>> {
  const texts: Record<string, string> = {
    coloured: renderTerminal(analysis, { columns: 120, color: true }),
  };
  for (const format of FORMATS) {
    texts[format] = [
      ...(await rendered(analysis, { format, output: undefined, 'max-length': undefined })),
    ].join('');
  }
  texts.short = [
    ...(await rendered(analysis, { format: 'markdown', output: undefined, 'max-length': 2000 })),
  ].join('');
  return texts;
}

function assertSameNumbers(t: ExecutionContext, analysis: Analysis, texts: Record<string, string>): void {
  const expected = ofAnalysis(JSON.parse(texts.json!));
  t.deepEqual(expected, ofAnalysis(analysis));
  const reports: Record<string, Numbers> = {
    html: ofHtml(texts.html!),
    ...Object.fromEntries(
      ['text', 'terminal', 'coloured', 'markdown'].map((format) => [format, ofLines(texts[format]!)]),
    ),
  };
  for (const [format, { shown, cited, consequences, ...numbers }] of Object.entries(reports)) {
    const { shown: all, cited: citedAll, ...others } = expected;
    t.deepEqual(numbers, others, format);
    for (const [id, told] of shown) t.is(all.get(id), told, `${format}: attempt ${id}`);
    t.true(shown.size === all.size || shown.size >= 20, format);
    for (const [i, count] of cited.entries())
      if (count !== null) t.is(citedAll[i]!, count, `${format}: packets of finding ${i + 1}`);
    t.deepEqual(consequences, reports.html!.consequences, format);
  }
}

for (const { name } of SCENARIOS) {
  const directory = fixture(name);

  test.serial(`${name}: the same in every format`, async (t) => {
    const options = { quotes: true, keepGoing: false, attempts: 'default', warn: () => {} } as const;
    const analysis = await analyze(bundlesIn(directory), { ...options, vips: [readTruth(directory).vip] });
    const again = parseAnalysis(Buffer.from(renderJson(analysis)), 'analysis.json');
    const texts = await inAllFormats(analysis);
    t.deepEqual(await inAllFormats(again), texts);
    for (const text of Object.values(texts)) t.true(text.length > 100);
    t.regex(texts.text!, /^[\n -~]+$/);
    t.true(texts.short!.length <= 2000);
    assertSameNumbers(t, analysis, texts);
  });
}
