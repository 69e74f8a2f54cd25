/** What the next boot takes away: settings under which connections live now, and which files put back. */
import type { Snapshot } from '../../model/snapshot.js';
import { sysctlKey, sysctlValue } from '../sysctl.js';
import { type BootSetting, bootSetting } from './boot.js';

const TREE = 'net.ipv4.conf';

/**
 * A sentence for each line of the files that makes the reverse-path check strict, or stops forwarding, where neither is
 * so now; none where the files or the running values are not known.
 */
export function bootRisks(snapshot: Snapshot): string[] {
  return [...strictAtBoot(snapshot), ...noForwardingAtBoot(snapshot)];
}

function strictAtBoot(snapshot: Snapshot): string[] {
  const { links, persisted, node } = snapshot;
  if (!links || !persisted) return [];
  const namesByLine = new Map<string, string[]>();
  for (const { name, kind, flags } of links) {
    const now = strength(running(snapshot, 'all'), running(snapshot, name));
    if (flags.includes('LOOPBACK') || now === null || now === STRICT) continue;
    const all = bootSetting(persisted, sysctlKey(TREE, 'all', 'rp_filter'));
    const named = bootSetting(persisted, sysctlKey(TREE, name, 'rp_filter'));
    // A device that is made after the files were read starts with `default`.
    const made = kind === null ? null : bootSetting(persisted, sysctlKey(TREE, 'default', 'rp_filter'));
    const own = named ?? made;
    const then = strength(all?.value ?? '0', own?.value ?? '0');
    const line = own?.value === '1' ? own : all;
    if (then !== STRICT || !line) continue;
    const text = `${said(line)}, and no file sets it to 2`;
    namesByLine.set(text, [...(namesByLine.get(text) ?? []), name]);
  }
  return [...namesByLine].map(
    ([text, names]) =>
      `${node}: ${text}: from the next boot on, packets into ${names.join(', ')} are checked by strict reverse path, which they are not now, unless another program sets it after`,
  );
}

const STRICT = 1;

function running(snapshot: Snapshot, name: string): string | null {
  return sysctlValue(snapshot, TREE, name, 'rp_filter');
}

/** The greater of the two counts (IN_DEV_MAXCONF); null where one is not known. */
function strength(all: string | null, own: string | null): number | null {
  return all === null || own === null ? null : Math.max(Number(all), Number(own));
}

/** ip_forward and conf.all.forwarding are one setting by two names. */
function noForwardingAtBoot({ persisted, sysctl, node }: Snapshot): string[] {
  if (!persisted || sysctl?.get('net.ipv4.ip_forward') !== '1') return [];
  const lines = ['net.ipv4.ip_forward', `${TREE}.all.forwarding`]
    .map((key) => bootSetting(persisted, key))
    .filter((line) => line !== null);
  const off = lines.find(({ value }) => value === '0');
  if (!off || lines.some(({ value }) => value !== '0')) return [];
  return [
    `${node}: ${said(off)}: from the next boot on, it forwards no IPv4 packets, unless another program sets it after`,
  ];
}

function said({ file, line, key, value }: BootSetting): string {
  return `/${file.path} line ${line} sets ${key} to ${value}`;
}
