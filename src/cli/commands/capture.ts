import type { CommandModule } from 'yargs';
import type { Probing } from '../../live/probe/probing.js';
import { UsageError } from '../../model/errors.js';
import { shellExamples } from '../examples.js';
import { interruption } from '../interruption.js';
import { printMessage, printRaw } from '../standard-error.js';
import { VERSION } from '../version.js';
import { type ProbeArguments, probeOptions, probePlanOf } from './probing.js';
import { type RecordingArguments, recordingOf, recordingOptions } from './recording.js';

interface CaptureArguments extends RecordingArguments, ProbeArguments {
  out: string;
  node: string | undefined;
  engine: string;
  'rotate-mb': number | undefined;
  'keep-files': number | undefined;
}

export function captureCommand(settle: (status: number) => void): CommandModule<object, CaptureArguments> {
  return {
    command: 'capture',
    describe: 'record what this machine sees into a bundle: packets, settings, kernel log',
    builder: (yargs) =>
      probeOptions(recordingOptions(yargs, '30s'))
        .option('out', {
          alias: 'o',
          describe: 'directory that NODE.tar.gz is written to; an earlier one is kept beside it',
          type: 'string',
          nargs: 1,
          default: '.',
        })
        .option('node', {
          describe: "the node's name",
          type: 'string',
          nargs: 1,
          defaultDescription: 'its hostname',
        })
        .option('engine', {
          describe:
            "what captures: tcpdump loses less and has the kernel's time stamps; cap is libpcap without it, for machines that lack it",
          choices: ['auto', 'tcpdump', 'cap'],
          nargs: 1,
          default: 'auto',
        })
        .option('rotate-mb', {
          describe: 'begin another file after so many MB',
          type: 'number',
          nargs: 1,
        })
        .option('keep-files', {
          describe: 'with --rotate-mb: keep so many files, the newest',
          type: 'number',
          nargs: 1,
        })
        .example(
          shellExamples(
            [
              'returnpath capture --vip 192.168.1.100 --duration 60s',
              'on each node, then analyze what they wrote',
            ],
            ['returnpath capture --log-martians --drop-reasons', "with the kernel's own proof of drops"],
            [
              'returnpath capture --duration 0 --rotate-mb 100 --keep-files 10',
              'until Ctrl-C, a gigabyte at the most',
            ],
          ),
        )
        .epilogue(
          'Needs root. What is changed on the machine is said, and put back; after a crash by: returnpath restore.\nExit status: 0 done, 2 nothing could be captured.',
        ),
    handler: async (args) => {
      checkNodeName(args.node ?? '');
      const recording = { ...recordingOf(args, args.node ?? null), ...rotationOf(args) };
      const plan = probePlanOf(args, recording.vips, []);
      const [{ capture }, { Probing }] = await Promise.all([
        import('../../live/capture.js'),
        import('../../live/probe/probing.js'),
      ]);
      const probing = plan && new Probing(plan, printMessage);
      const bundle = await capture({
        recording,
        out: args.out,
        engine: args.engine as 'auto',
        version: VERSION,
        onMessage: printMessage,
        signal: interruption(),
        probing,
      });
      if (probing) await printProbes(probing, bundle, recording.vips);
      process.stdout.write(`${bundle}\n`);
      settle(0);
    },
  };
}

/** How the connections fared beside what was captured of them; standard output is for the bundle's name. */
async function printProbes(probing: Probing, bundle: string, vips: readonly string[]): Promise<void> {
  const [{ analyze }, { renderProbes }] = await Promise.all([
    import('../../analyze.js'),
    import('../../report/terminal.js'),
  ]);
  const options = { vips, keepGoing: true, attempts: 'default', warn: printMessage } as const;
  const analysis = await analyze([bundle], options);
  const width = process.stderr.columns ?? 80;
  printRaw(
    renderProbes(
      { ...analysis, ...probing.describe(analysis) },
      { columns: Math.max(60, width), color: false },
    ),
  );
}

/** A name of a file may have 255 octets: with what is put around it, as in `returnpath-NODE-PID`, so many are left. */
const LONGEST_NAME = 230;

/** @throws UsageError */
function checkNodeName(name: string): void {
  const octets = Buffer.byteLength(name);
  if (octets > LONGEST_NAME) {
    throw new UsageError(
      `--node: a name of ${octets} octets is too long for a file's; give one of up to ${LONGEST_NAME}`,
    );
  }
}

/** @throws UsageError */
function rotationOf(args: CaptureArguments): { megabytes: number | null; files: number | null } {
  const { 'rotate-mb': megabytes = null, 'keep-files': files = null } = args;
  for (const [flag, value] of Object.entries({ 'rotate-mb': megabytes, 'keep-files': files })) {
    if (value !== null && (!Number.isInteger(value) || value < 1 || value > 1_000_000)) {
      throw new UsageError(`--${flag} ${value}: not a whole number from 1`);
    }
  }
  if (files !== null && megabytes === null) {
    throw new UsageError('--keep-files: say with --rotate-mb how large a file is');
  }
  return { megabytes, files };
}
