import { type BootSetting, bootSetting, filesInOrder, nameOf } from '../../../kernel/persisted/boot.js';
import type { SysctlFile } from '../../../model/snapshot.js';
import { shortened } from './names.js';

const LONGEST = 200;

/**
 * The path of a file of sysctl.d in which a setting wins over all others: patterns never win over a key by name, and
 * among lines of one key the file decides that comes last by its name.
 *
 * @param files null where they are not known
 */
export function winningFile(files: readonly SysctlFile[] | null, keys: readonly string[]): string {
  const stem = `${shortened(`returnpath-${keys.map(slug).join('-')}`, LONGEST)}.conf`;
  const others = filesInOrder(files ?? [], 'systemd')
    .filter(({ settings }) => settings.some(({ key }) => keys.includes(key)))
    .map(({ path }) => nameOf(path));
  const last = others.at(-1) ?? '';
  const name = [`90-${stem}`, `99-${stem}`, `99-zz-${stem}`].find((one) => one >= last);
  return `/etc/sysctl.d/${name ?? `${'z'.repeat((/^z*/.exec(last)?.[0].length ?? 0) + 1)}-${stem}`}`;
}

/** Each setting is in the name, so that one fix does not overwrite another's file. */
function slug(key: string): string {
  return key.replace(/^net\.(ipv4|ipv6)\.(conf\.)?/, '$1.').replace(/[^\w-]+/g, '-');
}

/** Which line takes a setting back at the next boot, and at each `sysctl --system`; none where it agrees. */
export function undoneByFiles(files: readonly SysctlFile[] | null, key: string, value: string): string[] {
  if (files === null) return [];
  const undoes = (setting: BootSetting | null) => (setting && setting.value !== value ? setting : null);
  const boot = undoes(bootSetting(files, key));
  const procps = undoes(bootSetting(files, key, 'procps'));
  const lines: string[] = [];
  if (boot) {
    const { path } = boot.file;
    const why = boot.key === key ? 'the file above comes after it' : 'the file above names the key itself';
    lines.push(
      `${said(boot, key)} to ${boot.value} at the next boot: ${why}, and wins${nameOf(path) === '99-sysctl.conf' ? ' (99-sysctl.conf is often /etc/sysctl.conf by another name)' : ''}.`,
    );
  }
  // It is read last of all, so that no file wins over it.
  if (procps?.file.path === 'etc/sysctl.conf' && procps.key === key) {
    lines.push(
      `${said(procps, key)} to ${procps.value} whenever \`sysctl --system\` is run, which reads that file last: change it there as well.`,
    );
  }
  return lines;
}

function said({ file, line }: BootSetting, key: string): string {
  return `/${file.path} line ${line} sets ${key}`;
}
