/** What the files of sysctl.d set at the next boot, and on interfaces that are made later. */
import type { PersistedSysctl, SysctlFile } from '../../model/snapshot.js';

/**
 * Who reads the files: `systemd` (systemd-sysctl, at boot and by udev for each new interface), or `procps` (`sysctl
 * --system`, run by hand or by a configuration tool, and at boot where there is no systemd).
 */
export type SysctlReader = 'systemd' | 'procps';

/** A line that sets a key, with the file that it stands in. */
export interface BootSetting {
  /** What the line names: the key itself, or a pattern. */
  key: string;
  value: string;
  file: SysctlFile;
  line: number;
}

/** A file hides those of its name in the directories behind its own. */
const DIRECTORIES = ['etc', 'run', 'usr/local/lib', 'usr/lib', 'lib'];
const ALONE = 'etc/sysctl.conf';

/**
 * The files that are read, in their order: by name, whatever their directory. procps reads /etc/sysctl.conf after them;
 * systemd-sysctl does not read it, but distributions link it as 99-sysctl.conf.
 */
export function filesInOrder(files: readonly SysctlFile[], reader: SysctlReader): SysctlFile[] {
  const byName = new Map<string, SysctlFile>();
  for (const directory of DIRECTORIES) {
    for (const file of files) {
      const name = nameOf(file.path);
      if (file.path === `${directory}/sysctl.d/${name}` && !byName.has(name)) byName.set(name, file);
    }
  }
  const sorted = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
  const alone = reader === 'procps' ? files.filter(({ path }) => path === ALONE) : [];
  return [...sorted, ...alone];
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * What the next boot sets a key to; null where no file does.
 *
 * The last line that names the key itself decides, before any pattern. Where none does, the last pattern that it fits
 * decides, unless a line `-key` keeps patterns from it. In systemd such a line takes back an earlier one of the same
 * words as well; in procps it does not.
 *
 * @param key as `sysctl -a` prints it, with `/` for an interface's dots: `net.ipv4.conf.flannel/1.rp_filter`
 */
export function bootSetting(
  files: readonly SysctlFile[],
  key: string,
  reader: SysctlReader = 'systemd',
): BootSetting | null {
  const lines = linesInOrder(files, reader);
  const own = lines.filter((line) => line.key === key);
  const last = reader === 'systemd' ? own.at(-1) : (own.findLast(isAssignment) ?? own.at(-1));
  if (last) return isAssignment(last) ? last : null;
  const standing = reader === 'systemd' ? replacedInPlace(lines) : lines;
  return standing.filter(isAssignment).findLast((line) => isPattern(line.key) && fits(key, line.key)) ?? null;
}

interface Line extends PersistedSysctl {
  file: SysctlFile;
}

function linesInOrder(files: readonly SysctlFile[], reader: SysctlReader): Line[] {
  return filesInOrder(files, reader).flatMap((file) => file.settings.map((line) => ({ ...line, file })));
}

function isAssignment(line: Line): line is Line & { value: string } {
  return line.value !== null;
}

/** systemd keeps one line a key or pattern: the last, where the first stands if all between say the same. */
function replacedInPlace(lines: readonly Line[]): Line[] {
  const standing = new Map<string, Line>();
  for (const line of lines) {
    if (standing.get(line.key)?.value === line.value) continue;
    standing.delete(line.key);
    standing.set(line.key, line);
  }
  return [...standing.values()];
}

function isPattern(key: string): boolean {
  return /[*?[]/.test(key);
}

/** As glob(3) walks /proc/sys: no wildcard goes beyond one directory, whose name may hold dots (`/` in a key). */
function fits(key: string, pattern: string): boolean {
  const source = pattern.replace(/\[[!^]?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '[^.]*';
    if (part === '?') return '[^.]';
    if (part.length > 1) return part.replace(/^\[[!^]/, '[^').replaceAll('\\', '\\\\');
    return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`).test(key);
  } catch {
    return false; // a range that is none, as [z-a]
  }
}
