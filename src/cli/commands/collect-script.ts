import type { CommandModule } from 'yargs';
import { shellExamples } from '../examples.js';
import { write } from '../output.js';
import { VERSION } from '../version.js';
import { type RecordingArguments, recordingOf, recordingOptions } from './recording.js';

export function collectScriptCommand(
  settle: (status: number) => void,
): CommandModule<object, RecordingArguments> {
  return {
    command: 'collect-script',
    describe: 'print a shell script that records a node without Node.js, as capture does',
    builder: (yargs) =>
      recordingOptions(yargs, '30s')
        .example(
          shellExamples(
            [
              'returnpath collect-script --vip 192.168.1.100 > collect.sh',
              'a script to run on each node, as root: sh collect.sh',
            ],
            [
              'returnpath collect-script | ssh node1 sudo sh -s -- -n node1 -t 60 -o /tmp',
              'over ssh; its own options: sh collect.sh -h',
            ],
          ),
        )
        .epilogue('The script needs a POSIX shell (dash, busybox sh, bash), root, and tcpdump.'),
    handler: async (args) => {
      const { collectScript } = await import('../../live/agent/script.js');
      await write([`#!/bin/sh\n`, collectScript(recordingOf(args, null), {}, VERSION)]);
      settle(0);
    },
  };
}
