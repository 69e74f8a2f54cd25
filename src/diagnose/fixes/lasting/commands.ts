import type { FixCommand } from '../../../model/analysis.js';
import { shellWord } from '../../shell-word.js';
import { changesOf } from '../commands.js';
import type { Step } from '../step.js';

/** What sets the same sysctls at each boot. Another network namespace is made anew then, so that nothing lasts in it. */
export function lastingCommands(steps: readonly Step[]): FixCommand[] {
  return steps
    .filter(({ netns, command }) => netns === null && command.startsWith('sysctl '))
    .map(({ node, command }) => {
      const settings = changesOf(command).flatMap((c) =>
        c.kind === 'sysctl' ? [`${c.key} = ${c.value}`] : [],
      );
      const lines = settings.map((line) => `'${line.replaceAll("'", "'\\''")}'`).join(' ');
      const write = settings.length === 1 ? `echo ${lines}` : `printf '%s\\n' ${lines}`;
      return { node, command: `${write} > ${shellWord(fileOf(settings.at(-1)!))}`, persists: true };
    });
}

/** A name for each setting, so that one fix does not overwrite another's file. */
function fileOf(setting: string): string {
  const key = setting.split(' ', 1)[0]!.replace(/^net\.(ipv4|ipv6)\.(conf\.)?/, '$1.');
  return `/etc/sysctl.d/90-returnpath-${key.replace(/[^\w-]+/g, '-')}.conf`;
}
