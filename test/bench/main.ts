/**
 * `npm run bench`: speed and memory as ratios to peers in the same run, on captures made here (seeded, removed again).
 *
 * Exit status: 0 all targets that could be measured are met; 1 one is missed; 2 a wrong count, or it could not be run.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../support.js';
import { Bencher } from './bencher.js';
import { ENGINES, formatLoss, measureLoss } from './capture-loss.js';
import { USUAL_SIZE } from './loads.js';
import { formatBench, isMissed } from './report.js';

const USAGE = `npm run bench -- [OPTION...]
  --full         captures of the size that the targets are set for, in place of a quarter of it
  --times N      captures N times as large as that
  --only TEXT    only what has TEXT in its name, as data, handshakes-any, -vip, /tshark, bundle, route
  --rounds N     pairs of runs, an odd number (default: 7, of slow peers 3)
  --json FILE    where to write all samples (default: bench.json)
  --keep         keep the captures, and say where
  --capture      in place of all that: what tcpdump and cap lose of a flood of small packets (root)
  --rate N       with --capture: packets a second (default: 100000)
  --seconds N    with --capture: how long (default: 10)
`;

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    times: { type: 'string' },
    only: { type: 'string', default: '' },
    rounds: { type: 'string' },
    json: { type: 'string', default: join(ROOT, 'bench.json') },
    keep: { type: 'boolean', default: false },
    capture: { type: 'boolean', default: false },
    rate: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '10' },
    help: { type: 'boolean', default: false },
  },
});

function fail(reason: string): never {
  process.stderr.write(`bench: ${reason}\n`);
  process.exit(2);
}

if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const rounds = values.rounds === undefined ? null : Number(values.rounds);
if (rounds !== null && !(Number.isInteger(rounds) && rounds % 2 === 1 && rounds > 0)) {
  fail('--rounds: an odd number, so that the median is one of the rounds');
}

const times = values.times === undefined ? null : Number(values.times);
if (times !== null && (!(Number.isInteger(times) && times > 0) || values.full)) {
  fail('--times: a whole number above 0, in place of --full');
}
const size = times ?? (values.full ? 1 : USUAL_SIZE);

const directory = mkdtempSync(join(tmpdir(), 'returnpath-bench-'));
const clear = () => {
  if (values.keep) process.stderr.write(`kept: ${directory}\n`);
  else rmSync(directory, { recursive: true, force: true });
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clear();
    process.exit(130);
  });
}
try {
  if (values.capture) {
    const flood = { rate: Number(values.rate), seconds: Number(values.seconds) };
    if (!(flood.rate > 0 && flood.seconds > 0)) fail('--rate, --seconds: numbers above 0');
    for (let round = 0; round < (rounds ?? 3); round++) {
      for (const engine of ENGINES) {
        const loss = await measureLoss(engine, flood, join(directory, `${engine}-${round}`));
        process.stdout.write(`${formatLoss(loss)}\n`);
      }
    }
    clear();
    process.exit(0);
  }
  const { only, keep } = values;
  const bencher = new Bencher(directory, { size, only, keep, rounds }, (line) =>
    process.stderr.write(`${line}\n`),
  );
  const bench = await bencher.run();
  process.stdout.write(formatBench(bench));
  writeFileSync(values.json, `${JSON.stringify(bench, null, 2)}\n`);
  if (bench.rows.some((row) => isMissed(row.verdict))) process.exitCode = 1;
} catch (error) {
  clear();
  fail(error instanceof Error ? error.message : String(error));
}
clear();
