import type { Argv } from 'yargs';
import type { ChangeSnapshots } from '../../kernel/what-if/change.js';

export interface ChangeArguments {
  set: string[];
  add: string[];
}

/** `--set` and `--add`: what if a node had another setting, rule, route or address. */
export function changeOptions<T>(yargs: Argv<T>): Argv<T & ChangeArguments> {
  return yargs
    .option('set', {
      describe: 'what if: NODE:KEY=VALUE of a sysctl (may be given again)',
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      defaultDescription: 'none',
    })
    .option('add', {
      describe:
        "what if: 'NODE:ip rule|route|addr add|del …' or 'NODE:iptables …', also ip6tables (may be given again)",
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      defaultDescription: 'none',
    }) as unknown as Argv<T & ChangeArguments>;
}

/**
 * What `--set` and `--add` ask for, those of `--set` first; null where they ask for nothing.
 *
 * @throws UsageError where one is no change that is known; what is returned throws it where a kernel would refuse one
 */
export async function changeOf({ set, add }: ChangeArguments): Promise<ChangeSnapshots | null> {
  if (set.length === 0 && add.length === 0) return null;
  const { parseChange } = await import('../../kernel/what-if/parse-change.js');
  const { applyChanges } = await import('../../kernel/what-if/apply.js');
  const changes = [
    ...set.map((text) => parseChange(text, 'set')),
    ...add.map((text) => parseChange(text, 'add')),
  ];
  return (snapshots) => applyChanges(snapshots, changes);
}
