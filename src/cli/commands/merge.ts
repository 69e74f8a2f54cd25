import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { CommandModule } from 'yargs';
import { UsageError } from '../../model/errors.js';
import { writeReason } from '../../model/system-reason.js';
import { shellExamples } from '../examples.js';
import { KEEP_GOING } from '../keep-going.js';
import { checkOutput, isStandardOutput, unwritable } from '../output-file.js';
import { progressOnTerminal } from '../progress-on-terminal.js';
import { printMessage } from '../standard-error.js';
import { VERSION } from '../version.js';

interface MergeArguments {
  inputs: string[];
  output: string;
  'keep-going': boolean;
}

export function mergeCommand(settle: (status: number) => void): CommandModule<object, MergeArguments> {
  return {
    command: 'merge <inputs..>',
    describe: "write one pcapng of several nodes' captures, by one clock",
    builder: (yargs) =>
      yargs
        .positional('inputs', {
          describe:
            'bundle (directory, .tar, .tar.gz) or capture (pcap, pcapng, also gzip, zstd or xz); NODE=PATH names the node, NODE/NETNS=PATH a network namespace of it',
          type: 'string',
          array: true,
          demandOption: true,
        })
        .option('output', {
          alias: 'o',
          describe: 'the file to write; - for standard output',
          type: 'string',
          nargs: 1,
          demandOption: 'name the file to write with -o',
        })
        .option('keep-going', KEEP_GOING)
        .example(
          shellExamples(
            [
              'returnpath merge node1.tar.gz node2.tar.gz -o both.pcapng',
              'a file to look at: wireshark both.pcapng',
            ],
            ['returnpath merge node1=a.pcap node2=b.pcap -o - | tshark -r -', 'to standard output'],
          ),
        )
        .epilogue('Exit status: 0 done, 2 bad usage or unreadable input.'),
    handler: async ({ inputs, output, 'keep-going': keepGoing }) => {
      const { merge } = await import('../../merge.js');
      const isPiped = isStandardOutput(output);
      // What is merged is too large to be kept beside an older one until it is whole.
      await checkOutput(output, inputs, true);
      const progress = await progressOnTerminal();
      const application = `returnpath ${VERSION}`;
      const pieces = merge(inputs, { keepGoing, application, progress, warn: printMessage });
      await (isPiped ? writeOut(pieces) : writeFile(output, pieces)).finally(() => progress?.stop());
      settle(0);
    },
  };
}

async function writeFile(output: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  let descriptor: number | null = null;
  try {
    for await (const piece of pieces) {
      // Not before the inputs have been read: what is wrong with them leaves the file as it was.
      descriptor ??= opened(output);
      for (let at = 0; at < piece.length; ) at += writeTo(descriptor, piece.subarray(at), output);
    }
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function opened(output: string): number {
  try {
    // A file that is made anew is for its owner alone, as the bundles are.
    return openSync(output, 'w', 0o600);
  } catch (error) {
    throw unwritable(output, error);
  }
}

function writeTo(descriptor: number, octets: Uint8Array, output: string): number {
  try {
    return writeSync(descriptor, octets);
  } catch (error) {
    throw new UsageError(
      `${output}: cannot be written: ${writeReason(error)}; what is there is no whole file`,
    );
  }
}

async function writeOut(pieces: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    // A copy: what is not written at once is written later.
    if (!process.stdout.write(Uint8Array.from(piece))) await once(process.stdout, 'drain');
  }
}
