import type { CommandModule } from 'yargs';
import { shellExamples } from '../examples.js';
import { checkOutput } from '../output-file.js';
import {
  checkFormat,
  type FormatArguments,
  formatOptions,
  printAnalysis,
  statusOf,
} from '../print-analysis.js';
import { type RedactArguments, redactionOf, redactKey, redactOptions } from '../redaction.js';

interface ReportArguments extends FormatArguments, RedactArguments {
  analysis: string;
}

export function reportCommand(settle: (status: number) => void): CommandModule<object, ReportArguments> {
  return {
    command: 'report <analysis>',
    describe: 'print an analysis again in any format, without the captures',
    builder: (yargs) =>
      redactOptions(
        formatOptions(
          yargs.positional('analysis', {
            describe:
              'what `analyze` or `predict` printed with --format json, also gzip, zstd or xz; - for standard input',
            type: 'string',
            demandOption: true,
          }),
        ),
      )
        .example(
          shellExamples(
            ['returnpath report analysis.json', 'as analyze prints it'],
            ['returnpath report analysis.json --format markdown --max-length 3000', 'for a chat'],
          ),
        )
        .epilogue('Exit status: 0 nothing at fault, 1 a fault was found, 2 bad usage or unreadable input.'),
    handler: async (args) => {
      checkFormat(args);
      const key = redactKey(args);
      await checkOutput(args.output, [args.analysis]);
      const { readAnalysis } = await import('../analysis-file.js');
      const analysis = await readAnalysis(args.analysis);
      // Before anything is written: the reader may go away in the middle of it.
      const status = statusOf(analysis);
      process.exitCode = status;
      settle(status);
      const redaction = await redactionOf(analysis, key, [args.analysis]);
      await printAnalysis(redaction?.analysis ?? analysis, args);
    },
  };
}
