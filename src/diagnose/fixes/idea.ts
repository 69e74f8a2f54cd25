/** What could be done, and whether it helps: every command is carried out on a copy of the snapshots before it is proposed. */
import { applyChange } from '../../kernel/what-if/apply.js';
import type { Fix, FixCommand } from '../../model/analysis.js';
import { UsageError } from '../../model/errors.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { Network } from '../../network/network.js';
import type { Station } from '../../network/station.js';
import { changesOf } from './commands.js';
import type { Guard } from './guards.js';

export interface FixIdea {
  summary: string;
  /** For the node's own namespace; those that persist write a file, the others take effect at once and are tried. */
  commands: FixCommand[];
  risk: string;
}

export interface TrialResult {
  /** Whether the packet and its answer get through; null where the snapshots cannot tell. */
  mended: boolean | null;
  /** What becomes of them, in words. */
  text: string;
}

/** Walks one lost packet through the nodes as they would be. Null: there is nothing to follow. */
export type Trial = (network: Network) => TrialResult | null;

/** Of what the trials saw, the ones that are told. */
const TOLD = 3;

/**
 * The first of the ideas that mend the most, and worsen nothing that works.
 *
 * @param station where the commands are run
 * @param guards what works as it is, and has to go on working
 * @returns null where none mends anything
 */
export function chooseFix(
  ideas: readonly FixIdea[],
  station: Station,
  network: Network,
  trials: readonly Trial[],
  guards: readonly Guard[],
): Fix | null {
  let best: { idea: FixIdea; mended: string[]; others: string[] } | null = null;
  for (const idea of ideas) {
    const snapshot = carriedOut(station, idea.commands);
    if (!snapshot) continue;
    const changed = network.with(snapshot);
    const results = trials.map((trial) => trial(changed)).filter((result) => result !== null);
    const mended = results.filter((result) => result.mended === true).map((result) => result.text);
    const others = results.filter((result) => result.mended !== true).map((result) => result.text);
    if (mended.length <= (best?.mended.length ?? 0) || !guards.every((guard) => guard.works(changed)))
      continue;
    best = { idea, mended, others };
    if (mended.length === trials.length) break;
  }
  if (!best) return null;
  const { idea, mended, others } = best;
  const rest =
    others.length === 0
      ? ''
      : ` ${mended.length} of ${trials.length} that were tried are mended; not so: ${told(others)}.`;
  return {
    summary: idea.summary,
    commands: station.netns === null ? idea.commands : within(station.netns, idea.commands),
    manifests: [],
    risk: idea.risk,
    expected: `Tried in the model of the nodes' routes, rules and settings: ${told(mended)}.${rest}`,
  };
}

function told(texts: readonly string[]): string {
  return [...new Set(texts)].slice(0, TOLD).join('. ');
}

/** The snapshot with the commands carried out; null where the model cannot do one of them. */
function carriedOut({ snapshot }: Station, commands: readonly FixCommand[]): Snapshot | null {
  try {
    return commands
      .filter((command) => !command.persists)
      .flatMap(({ command }) => changesOf(command))
      .reduce(applyChange, snapshot);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

/** The commands for another network namespace of the node; it is made anew at each boot, so none of them lasts. */
function within(netns: string, commands: readonly FixCommand[]): FixCommand[] {
  return commands
    .filter((command) => !command.persists)
    .map(({ node, command }) => ({ node, command: `ip netns exec ${netns} ${command}`, persists: false }));
}
