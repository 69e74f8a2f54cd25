/** The programs that ours is measured against. */
import { spawnSync } from 'node:child_process';
import { has } from '../support.js';
import type { Command } from './measure.js';

export interface Peer {
  name: string;
  /** Reads a capture. */
  read: (capture: string, directory: string) => Command;
  /** Asks for its version; null where it has none. */
  version: readonly string[] | null;
  /** Takes many seconds: fewer rounds do. */
  isSlow?: true;
  /** Memory that it takes for a connection, octets, where that may be more than there is. */
  connectionSize?: number;
}

const FILTER = 'tcp[tcpflags] & (tcp-syn|tcp-rst) != 0';

export const PEERS = {
  /** The base: reads every packet, keeps nothing. */
  tcpdump: {
    name: 'tcpdump',
    read: (capture) => ({ command: 'tcpdump', args: ['-r', capture, '-w', '/dev/null', FILTER] }),
    version: ['--version'],
  },
  tshark: {
    name: 'tshark',
    read: (capture) => ({ command: 'tshark', args: ['-r', capture, '-q', '-z', 'conv,tcp'] }),
    version: ['--version'],
    isSlow: true,
  },
  argus: {
    name: 'argus',
    read: (capture) => ({ command: 'argus', args: ['-r', capture, '-w', '/dev/null'] }),
    version: ['-h'],
    isSlow: true,
  },
  nfpcapd: {
    name: 'nfpcapd',
    read: (capture, directory) => ({ command: 'nfpcapd', args: ['-r', capture, '-l', directory] }),
    version: ['-V'],
    isSlow: true,
  },
  tcptrace: {
    name: 'tcptrace',
    read: (capture) => ({ command: 'tcptrace', args: ['-n', capture] }),
    version: ['-v'],
    isSlow: true,
    connectionSize: 9000,
  },
  /** Counts packets, follows none. */
  capinfos: {
    name: 'capinfos',
    read: (capture) => ({ command: 'capinfos', args: ['-c', capture] }),
    version: ['--version'],
  },
  /** The limit: what reading alone takes. */
  cat: { name: 'cat', read: (capture) => ({ command: 'cat', args: [capture] }), version: ['--version'] },
} as const satisfies Record<string, Peer>;

export type PeerName = keyof typeof PEERS;

export function isInstalled(peer: Peer): boolean {
  return has([peer.name]);
}

/** The line in which a program names its version; null where it does not. */
export function versionOf({ name, version }: Peer): string | null {
  if (version === null) return null;
  const { stdout, stderr } = spawnSync(name, version, { encoding: 'utf8' });
  const lines = `${stdout}\n${stderr}`.split('\n');
  return lines.find((line) => /\d+\.\d+/.test(line))?.trim() ?? null;
}
