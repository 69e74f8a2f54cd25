import type { PersistedSysctl, SysctlFile } from '../../model/snapshot.js';
import { eachLine } from './lines.js';
import { canonicalKey } from './sysctl.js';

/** The directories that systemd-sysctl and procps read, and the file that procps alone does. */
const TREE =
  /^(.*?\/)??((?:etc|run|usr\/local\/lib|usr\/lib|lib)\/sysctl\.d\/[^/.][^/]*\.conf|etc\/sysctl\.conf)$/;

/** Where a file of settings lies in a bundle: the bundle's directory and the path below it; null for other files. */
export function locateSysctlFile(path: string): { root: string; name: string } | null {
  const match = TREE.exec(path);
  return match && { root: (match[1] ?? '').replace(/\/$/, ''), name: match[2]! };
}

/**
 * Reads a file of sysctl.d(5) or sysctl.conf(5). A line `-key` without a value keeps patterns from setting that key; a
 * `-` before an assignment says only that its failure is no error.
 *
 * @param path below the root, as `etc/sysctl.d/90-x.conf`
 */
export function readSysctlFile(text: string, path: string, file: string): SysctlFile {
  const settings: PersistedSysctl[] = [];
  let number = 0;
  for (const whole of eachLine(text)) {
    number++;
    const line = whole.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const [, dash, key, value] = /^(-?)\s*([^=]*?)\s*(?:=\s*(.*))?$/.exec(line)!;
    // Both programs pass over what is no assignment.
    if (!key || (value === undefined && dash === '')) continue;
    settings.push({ line: number, key: canonicalKey(key.replace(/^\/+/, '')), value: value ?? null });
  }
  return { path, file, settings };
}
