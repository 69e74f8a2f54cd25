import type { CommandModule } from 'yargs';
import { UsageError } from '../../model/errors.js';
import { escapeText } from '../../report/escape.js';
import { write } from '../output.js';
import { VERSION } from '../version.js';

export function restoreCommand(settle: (status: number) => void): CommandModule {
  return {
    command: 'restore',
    describe: 'put back what a capture that was killed has changed on this machine',
    builder: (yargs) => yargs.epilogue('Exit status: 0 done or nothing to do, 2 something is left.'),
    handler: async () => {
      const { restore } = await import('../../live/capture.js');
      const { done, failed } = await restore(VERSION);
      await write(done.map((line) => `${escapeText(line)}\n`));
      if (failed.length > 0) throw new UsageError(failed.join('; '));
      settle(0);
    },
  };
}
