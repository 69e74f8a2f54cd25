import type { Fix, FixCommand } from '../../model/analysis.js';
import type { Network } from '../../network/network.js';
import type { Risk } from '../prediction/risk.js';
import type { FixIdea } from './idea.js';
import { lastingCommands } from './lasting/commands.js';
import { daemonSets } from './lasting/daemon-set.js';
import { lastingFiles } from './lasting/files.js';
import { undoneBy } from './lasting/undone.js';
import type { Step } from './step.js';
import type { TrialResult } from './trial.js';

/** What was tried and helps. */
export interface Solution {
  ideas: readonly FixIdea[];
  /** What comes next after each idea but the last. */
  uncovered: readonly Risk[];
  /** Without it, or with a part of it, ACKs were lost that follow a handshake. */
  mendsAcks: boolean;
  /** With all of them carried out. */
  network: Network;
  /** What becomes of the connections that are mended, in words, and of those of which that cannot be told. */
  mended: readonly string[];
  open: readonly string[];
}

/** Of what the trials saw, the ones that are told. */
const TOLD = 3;

/** What trials tell of a solution. */
export function endingsOf(results: readonly TrialResult[]): Pick<Solution, 'mended' | 'open'> {
  const texts = (wanted: boolean | null) =>
    results.filter(({ mended }) => mended === wanted).map(({ text }) => text);
  return { mended: texts(true), open: texts(null) };
}

export function toFix(solution: Solution): Fix {
  const { ideas, network } = solution;
  const steps = ideas.flatMap((idea) => idea.steps);
  const lasting = steps.filter(({ isPassing }) => !isPassing);
  const files = lastingFiles(lasting, network);
  const undone = undoneBy(lasting, network, files);
  return {
    summary: distinctText(ideas.map((idea) => idea.summary)),
    commands: inOrder([...steps.map(commandOf), ...lastingCommands(lasting, network)]),
    manifests: [...ideas.flatMap((idea) => idea.manifests ?? []), ...daemonSets(lasting, network)],
    ...(files.length === 0 ? {} : { files }),
    ...(undone.length === 0 ? {} : { undoneBy: undone }),
    risk: distinctText(ideas.map((idea) => idea.risk)),
    expected: expectedText(solution),
  };
}

function distinctText(texts: readonly string[]): string {
  return [...new Set(texts)].filter((text) => text !== '').join(' ');
}

function commandOf({ node, netns, command }: Step): FixCommand {
  const inside = netns === null ? command : `ip netns exec ${netns} ${command}`;
  return { node, command: inside, persists: false };
}

/** A node's commands together, those that take effect at once before those that persist. */
function inOrder(commands: readonly FixCommand[]): FixCommand[] {
  const nodes = [...new Set(commands.map(({ node }) => node))];
  return nodes.flatMap((node) =>
    [false, true].flatMap((persists) => commands.filter((c) => c.node === node && c.persists === persists)),
  );
}

function expectedText({ ideas, uncovered, mendsAcks, mended, open }: Solution): string {
  const all = mended.length + open.length;
  const rest =
    open.length === 0
      ? ''
      : ` ${mended.length} of ${all} that were tried are mended; of the others it cannot be told: ${told(open)}.`;
  const alone = uncovered.map(
    ({ cause, station }) => ` The first alone is no fix: what comes next is ${cause} on ${station.label}.`,
  );
  const first = ideas.length > 1 ? (alone[0] ?? '') : '';
  return `Tried in the model of the nodes' routes, rules and settings: ${told(mended)}.${mendsAcks ? ' The ACKs that follow are dropped no more.' : ''}${rest}${first}`;
}

function told(texts: readonly string[]): string {
  return [...new Set(texts)].slice(0, TOLD).join('. ');
}
