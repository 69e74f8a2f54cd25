/** What is measured against what, and how fast it has to be. */
import { join } from 'node:path';
import { ROOT } from '../support.js';
import { LOADS, type LoadName } from './loads.js';
import type { Command } from './measure.js';
import { PEERS, type Peer, type PeerName } from './peers.js';

export type Target =
  /** Our time is at most so many times the peer's; the stretch is what to reach for. */
  | { kind: 'ratio'; most: number; stretch?: number }
  /** The peer's time is at least so many times ours. */
  | { kind: 'faster'; least: number }
  /** Our time is at most so many seconds above the peer's. */
  | { kind: 'above'; seconds: number };

interface Compared {
  /** `--only` chooses by it. */
  name: string;
  work: string;
  target: Target | null;
  /** Most resident memory that ours may take, 2^20 octets. */
  megabytes?: number;
}

/** A capture, read by ours and by a peer. */
export interface CaptureComparison extends Compared {
  load: LoadName;
  vip: string | null;
  peer: PeerName;
}

/** Two commands on inputs of their own. */
export interface CommandComparison extends Compared {
  against: string;
  ours: (inputs: NodeInputs) => Command;
  theirs: (inputs: NodeInputs) => Command;
}

/** Files that the commands are given. */
export interface NodeInputs {
  /** An archive with the snapshot files of a node and a capture of 200 packets. */
  bundle: string;
  /** A directory with the snapshot files of a node that has 200 routes and 20 rules. */
  node: string;
  /** 100,000 questions to it. */
  questions: string;
}

/** One service of the four hundred. */
export const VIP = '192.168.0.7';

/** The command line of ours; a fault that is found is no failure here. */
export function returnpath(...args: readonly string[]): Command {
  return { command: process.execPath, args: [join(ROOT, 'bin/returnpath.js'), ...args], statuses: [1] };
}

export function analysisOf(capture: string, vip: string | null): Command {
  const vips = vip === null ? [] : ['--vip', vip];
  return returnpath('analyze', capture, '--format', 'json', '--attempts', 'none', ...vips);
}

function onCapture(
  load: LoadName,
  peer: PeerName,
  target: Target | null,
  more: { megabytes?: number; vip?: string } = {},
): CaptureComparison {
  const { vip = null, ...limits } = more;
  const name = `${load}${vip === null ? '' : '-vip'}/${peer}`;
  const work = load + (vip === null ? '' : ', one VIP of 400');
  return { name, work, load, vip, peer, target, ...limits };
}

const LOAD_NAMES = Object.keys(LOADS) as LoadName[];

export const CAPTURE_COMPARISONS: readonly CaptureComparison[] = [
  onCapture('data', 'tcpdump', { kind: 'ratio', most: 1.0, stretch: 0.7 }, { megabytes: 120 }),
  onCapture('handshakes', 'tcpdump', { kind: 'ratio', most: 1.8, stretch: 1.3 }, { megabytes: 250 }),
  onCapture('handshakes-any', 'tcpdump', { kind: 'ratio', most: 1.8, stretch: 1.3 }, { megabytes: 250 }),
  ...LOAD_NAMES.map((load) => onCapture(load, 'tcpdump', { kind: 'ratio', most: 1.0 }, { vip: VIP })),
  onCapture('handshakes', 'tshark', { kind: 'faster', least: 25 }),
  onCapture('handshakes', 'argus', { kind: 'faster', least: 6 }),
  onCapture('handshakes', 'nfpcapd', { kind: 'faster', least: 10 }),
  onCapture('handshakes', 'tcptrace', { kind: 'faster', least: 2 }),
  ...(['data', 'handshakes'] as const).flatMap((load) => [
    onCapture(load, 'capinfos', null),
    onCapture(load, 'cat', null),
  ]),
];

export const COMMAND_COMPARISONS: readonly CommandComparison[] = [
  {
    name: 'bundle/node',
    work: 'bundle of 200 packets',
    against: 'node -e 0',
    target: { kind: 'ratio', most: 1.4 },
    ours: ({ bundle }) => returnpath('analyze', bundle),
    theirs: () => ({ command: process.execPath, args: ['-e', '0'] }),
  },
  {
    name: 'route/start-up',
    work: 'route --batch, 100,000 questions',
    against: 'no question',
    target: { kind: 'above', seconds: 1.5 },
    ours: ({ node, questions }) => ({ ...returnpath('route', node, '--batch'), input: questions }),
    theirs: ({ node }) => returnpath('route', node, '--batch'),
  },
];

export function peerOf({ peer }: CaptureComparison): Peer {
  return PEERS[peer];
}
