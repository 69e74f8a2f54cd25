import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { UsageError } from '../../src/model/errors.js';

/** Commands that the lab runs, and the Debian packages that have them. */
const PACKAGES: Record<string, string> = {
  ip: 'iproute2',
  bridge: 'iproute2',
  nstat: 'iproute2',
  sysctl: 'procps',
  dmesg: 'util-linux',
  tcpdump: 'tcpdump',
  dumpcap: 'wireshark-common',
  nft: 'nftables',
  iptables: 'iptables',
  ipset: 'ipset',
  conntrack: 'conntrack',
  ping: 'iputils-ping',
  arping: 'iputils-arping',
  tar: 'tar',
  gzip: 'gzip',
  zstd: 'zstd',
};

/** Throws a UsageError, one line, where the machine cannot carry the lab. */
export function requireTools(path = process.env.PATH ?? ''): void {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new UsageError('the lab makes network namespaces: run it on Linux, as root');
  }
  const missing = Object.keys(PACKAGES).filter((command) => !isOnPath(command, path));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((command) => PACKAGES[command]))];
    throw new UsageError(`the lab needs ${missing.join(', ')}: apt-get install ${packages.join(' ')}`);
  }
  if (!hasCap()) {
    throw new UsageError('the lab needs the npm package cap: apt-get install libpcap-dev, then npm install');
  }
}

/** Looked for and not loaded: its addon can be loaded by one thread of a process alone. */
function hasCap(): boolean {
  try {
    const entry = createRequire(import.meta.url).resolve('cap');
    return existsSync(join(dirname(entry), '..', 'build', 'Release', 'cap.node'));
  } catch {
    return false;
  }
}

function isOnPath(command: string, path: string): boolean {
  return path.split(delimiter).some((directory) => {
    const file = join(directory, command);
    if (!existsSync(file)) return false;
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
