import type { FixCommand } from '../../../model/analysis.js';
import type { Network } from '../../../network/network.js';
import { shellWord } from '../../shell-word.js';
import { changesOf } from '../commands.js';
import type { Step } from '../step.js';
import { winningFile } from './settings-file.js';

/** What sets the same sysctls at each boot. Another network namespace is made anew then, so that nothing lasts in it. */
export function lastingCommands(steps: readonly Step[], network: Network): FixCommand[] {
  return steps
    .filter(({ netns, command }) => netns === null && command.startsWith('sysctl '))
    .map(({ node, command }) => {
      const settings = changesOf(command).flatMap((c) => (c.kind === 'sysctl' ? [c] : []));
      const file = winningFile(
        network.station(node)?.snapshot.persisted ?? null,
        settings.map(({ key }) => key),
      );
      const lines = settings
        .map(({ key, value }) => `${key} = ${value}`)
        .map((line) => `'${line.replaceAll("'", "'\\''")}'`)
        .join(' ');
      const write = settings.length === 1 ? `echo ${lines}` : `printf '%s\\n' ${lines}`;
      return { node, command: `${write} > ${shellWord(file)}`, persists: true };
    });
}
