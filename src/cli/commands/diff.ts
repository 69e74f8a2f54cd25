import type { CommandModule } from 'yargs';
import type { Analysis } from '../../model/analysis.js';
import type { Comparison } from '../../model/comparison.js';
import { UsageError } from '../../model/errors.js';
import { shellExamples } from '../examples.js';
import { KEEP_GOING } from '../keep-going.js';
import { columns, wantsColor } from '../output.js';
import {
  checkOutput,
  isStandardOutput,
  type OutputArguments,
  outputOption,
  writeOutput,
} from '../output-file.js';
import { type RedactArguments, redactionOf, redactKey, redactOptions } from '../redaction.js';
import { printMessage } from '../standard-error.js';

interface DiffArguments extends OutputArguments, RedactArguments {
  inputs: string[];
  before: string[];
  after: string[];
  vip: string[];
  format: string;
  'keep-going': boolean;
}

export function diffCommand(settle: (status: number) => void): CommandModule<object, DiffArguments> {
  return {
    command: 'diff [inputs..]',
    describe: 'say whether a fix has helped: what was captured before it against what was after',
    builder: (yargs) =>
      redactOptions(outputOption(yargs))
        .usage('$0 diff BEFORE AFTER, or $0 diff --before PATH... --after PATH...')
        .positional('inputs', {
          describe:
            'BEFORE and AFTER: what `analyze --format json` printed (- for standard input), a bundle, or a directory of bundles',
          type: 'string',
          array: true,
          default: [] as string[],
        })
        .option('before', {
          describe: 'bundles and captures from before the fix, in place of BEFORE',
          type: 'string',
          array: true,
          default: [] as string[],
        })
        .option('after', {
          describe: 'those from after it, in place of AFTER',
          type: 'string',
          array: true,
          default: [] as string[],
        })
        .option('vip', {
          describe: 'of what is yet to be analyzed: only connections to this address (may be given again)',
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          defaultDescription: 'those of the analysis that is given, else as analyze',
        })
        .option('format', {
          describe: 'what to print',
          choices: ['terminal', 'text', 'markdown', 'json'],
          nargs: 1,
          default: 'terminal',
        })
        .option('keep-going', KEEP_GOING)
        .example(
          shellExamples(
            ['returnpath diff before.json after.json', 'two analyses'],
            ['returnpath diff before.json after/ --format markdown', 'with bundles, for the ticket'],
            [
              'returnpath diff --before b/node1.tar.gz b/node2.tar.gz --after a/node1.tar.gz a/node2.tar.gz',
              'bundles of several nodes',
            ],
          ),
        )
        .epilogue(
          'Exit status: 0 fixed (no fault is left, and connections were made), 1 not fixed, worse, or it cannot be told, 2 bad usage or unreadable input.',
        ),
    handler: async (args) => {
      const { before, after } = sidesOf(args);
      const key = redactKey(args);
      await checkOutput(args.output, [...before, ...after]);
      const { compare } = await import('../../report/diff/compare.js');
      const [earlier, later] = await readBoth(before, after, args);
      const redactions = [await redactionOf(earlier, key, before), await redactionOf(later, key, after)];
      const comparison = compare(redactions[0]?.analysis ?? earlier, redactions[1]?.analysis ?? later);
      // Before anything is written: the reader may go away in the middle of it.
      const status = comparison.verdict === 'fixed' || comparison.verdict === 'no-fault' ? 0 : 1;
      process.exitCode = status;
      settle(status);
      await print(comparison, args);
    },
  };
}

/** @throws UsageError where there are not two sides */
function sidesOf({ inputs, before, after }: DiffArguments): { before: string[]; after: string[] } {
  const sides =
    before.length + after.length === 0
      ? { before: inputs.slice(0, 1), after: inputs.slice(1) }
      : { before, after };
  const isMixed = before.length + after.length > 0 && inputs.length > 0;
  if (isMixed || inputs.length > 2 || sides.before.length === 0 || sides.after.length === 0) {
    throw new UsageError('name BEFORE and AFTER, or give --before PATH... --after PATH...');
  }
  const piped = [...sides.before, ...sides.after].filter((path) => path === '/dev/stdin').length;
  if (piped > 1) throw new UsageError('standard input can be BEFORE or AFTER, and not both');
  return sides;
}

/** What is analyzed already comes first: it tells which VIPs the other is about. */
async function readBoth(
  before: readonly string[],
  after: readonly string[],
  { vip, 'keep-going': keepGoing }: DiffArguments,
): Promise<[Analysis, Analysis]> {
  const { readSide } = await import('../comparison-side.js');
  const sides = await Promise.all([before, after].map(readSide));
  const [earlier, later] = sides;
  if (vip.length > 0 && earlier && later)
    throw new UsageError('--vip is for bundles and captures: these are analyses, of the VIPs that they name');
  const read = sides.filter((side) => side !== null);
  const named = read.flatMap((side) => side.vips.filter(({ source }) => source !== 'inferred'));
  const vips = vip.length > 0 ? vip : [...new Set(named.map(({ address }) => address))];
  const analyzed = async (paths: readonly string[]) => {
    const { analyze } = await import('../../analyze.js');
    return analyze(paths, { vips, keepGoing, attempts: 'default', warn: printMessage });
  };
  const first = earlier ?? (await analyzed(before));
  const second = later ?? (await analyzed(after));
  if ((first.predictions === undefined) !== (second.predictions === undefined)) {
    throw new UsageError('one side is a prediction and the other is not: they cannot be compared');
  }
  return [first, second];
}

async function print(comparison: Comparison, { format, output }: DiffArguments): Promise<void> {
  if (format === 'json') {
    const { renderValue } = await import('../../report/json.js');
    await writeOutput(output, [renderValue(comparison)]);
  } else if (format === 'markdown') {
    const { renderComparisonMarkdown } = await import('../../report/diff/markdown.js');
    await writeOutput(output, [renderComparisonMarkdown(comparison)]);
  } else {
    const { renderComparison } = await import('../../report/diff/terminal.js');
    const isPlain = format === 'text';
    // A file has the width of no terminal.
    const isWide = !isPlain && isStandardOutput(output);
    const options = isWide ? { columns: columns(), color: wantsColor() } : { columns: 80, color: false };
    await writeOutput(output, [renderComparison(comparison, { ...options, ascii: isPlain })]);
  }
}
