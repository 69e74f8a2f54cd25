import type { CommandModule } from 'yargs';
import type { AttemptListing } from '../../assemble.js';
import { makeEmptyDirectory, writeEvidence } from '../evidence-directory.js';
import { shellExamples } from '../examples.js';
import { KEEP_GOING } from '../keep-going.js';
import { checkOutput } from '../output-file.js';
import {
  checkFormat,
  type FormatArguments,
  formatOptions,
  loadReport,
  printAnalysis,
  statusOf,
} from '../print-analysis.js';
import { progressOnTerminal } from '../progress-on-terminal.js';
import { type RedactArguments, redactionOf, redactKey, redactOptions } from '../redaction.js';
import { printMessage } from '../standard-error.js';
import { type ChangeArguments, changeOf, changeOptions } from './changes.js';

interface AnalyzeArguments extends ChangeArguments, FormatArguments, RedactArguments {
  inputs: string[];
  vip: string[];
  attempts: string | undefined;
  'max-attempts': number | undefined;
  'keep-going': boolean;
  threads: number | undefined;
  evidence: string | undefined;
}

export function analyzeCommand(settle: (status: number) => void): CommandModule<object, AnalyzeArguments> {
  return {
    command: 'analyze <inputs..>',
    describe: 'explain what happened to each connection attempt in captures and bundles',
    builder: (yargs) =>
      redactOptions(formatOptions(changeOptions(yargs)))
        .positional('inputs', {
          describe:
            'bundle or dump of another tool (directory, .tar, .tar.gz, .tar.xz; see inspect) or capture (pcap, pcapng, also gzip, zstd or xz; - for standard input); NODE=PATH names the node, NODE/NETNS=PATH a network namespace of it',
          type: 'string',
          array: true,
          demandOption: true,
        })
        .option('vip', {
          describe:
            'only connections to this address (may be given again); without it those in kube/, else all',
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          defaultDescription: 'all',
        })
        .option('attempts', {
          describe:
            'list all attempts or none; by default all of up to 10,000, beyond that those that failed',
          choices: ['all', 'none'],
          nargs: 1,
        })
        .option('max-attempts', {
          describe:
            'connections of one capture that are followed; memory grows with them, and what is beyond is counted and said so',
          type: 'number',
          nargs: 1,
          defaultDescription: '1000000',
        })
        .option('evidence', {
          describe:
            'directory to write evidence to: of each finding its packets of all nodes (pcapng), and the lines and settings that it cites',
          type: 'string',
          nargs: 1,
        })
        .option('keep-going', KEEP_GOING)
        .option('threads', {
          describe: 'threads in which large files are read; 0 or 1: no other than the main one',
          type: 'number',
          nargs: 1,
          defaultDescription: 'as many as there are cores',
        })
        .example(
          shellExamples(
            ['returnpath analyze node1.tar.gz node2.tar.gz --vip 192.168.1.100', 'two bundles, one VIP'],
            ['returnpath analyze node1=a.pcap node2=b.pcapng.gz', 'captures alone, nodes named'],
            [
              'returnpath analyze node1.tar.gz node2.tar.gz --set node2:net.ipv4.conf.all.rp_filter=2',
              'would that have helped?',
            ],
            [
              'returnpath analyze node1.tar.gz node2.tar.gz --evidence evidence',
              'packets to open in Wireshark',
            ],
            ['returnpath analyze node1.tar.gz node2.tar.gz --format html -o report.html', 'a page to attach'],
            [
              'returnpath analyze node1.tar.gz node2.tar.gz --redact --evidence evidence',
              'to hand to outsiders',
            ],
            [
              'ssh node1 tcpdump -i any -w - not port 22 | returnpath analyze node1=-',
              'from standard input, without what carries it there',
            ],
          ),
        )
        .epilogue('Exit status: 0 nothing at fault, 1 a fault was found, 2 bad usage or unreadable input.'),
    handler: async (args) => {
      checkFormat(args);
      const key = redactKey(args);
      if (args.evidence !== undefined) makeEmptyDirectory('--evidence', args.evidence);
      await checkOutput(args.output, args.inputs);
      const { inputs, vip, attempts, threads } = args;
      const { 'max-attempts': maxAttempts, 'keep-going': keepGoing } = args;
      const listing = (attempts ?? 'default') as AttemptListing;
      // Loaded when it is needed: `--help` and usage errors are to be at once.
      const { analyze } = await import('../../analyze.js');
      // Before the reading, from which on V8 does not take what was compiled ahead (`optimizer.ts`).
      await loadReport(args.format);
      const change = await changeOf(args);
      const progress = await progressOnTerminal();
      // What these hold, the others have no room for.
      const isWhole = args.format === 'json' || args.format === 'html';
      const analysis = await analyze(inputs, {
        vips: vip,
        keepGoing,
        // Names are redacted in sentences as well, if they are known: from the attempts and their paths.
        attempts: key !== null && listing === 'none' ? 'default' : listing,
        maxAttempts,
        threads,
        change,
        progress,
        paths: isWhole || args.evidence !== undefined || key !== null ? 'listed' : 'shown',
        quotes: isWhole,
        warn: printMessage,
      }).finally(() => progress?.stop());
      // Before anything is written: the reader may go away in the middle of it.
      const status = statusOf(analysis);
      process.exitCode = status;
      settle(status);
      const redaction = await redactionOf(analysis, key, inputs);
      if (args.evidence !== undefined) await writeEvidence(analysis, inputs, args.evidence, redaction);
      const told = redaction?.analysis ?? analysis;
      await printAnalysis(listing === 'none' ? { ...told, attempts: [] } : told, args);
    },
  };
}
