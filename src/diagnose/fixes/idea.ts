/** What could be done, and whether it helps: every command is carried out on a copy of the snapshots before it is proposed. */
import { applyChange } from '../../kernel/what-if/apply.js';
import type { Fix, FixCommand } from '../../model/analysis.js';
import type { Network } from '../../network/network.js';
import type { Station } from '../../network/station.js';
import { changesOf } from './commands.js';

export interface FixIdea {
  summary: string;
  /** For the node's own namespace; those that persist write a file, the others take effect at once and are tried. */
  commands: FixCommand[];
  risk: string;
}

export interface TrialResult {
  /** Whether the packet and its answer get through. */
  mended: boolean;
  /** What becomes of them, in words. */
  text: string;
}

/** Walks one lost packet through the nodes as they would be. Null: there is nothing to follow. */
export type Trial = (network: Network) => TrialResult | null;

/** Of what the trials saw, the ones that are told. */
const TOLD = 3;

/**
 * The first idea with which every trial succeeds.
 *
 * @param station where the commands are run
 * @returns null where none does
 */
export function chooseFix(
  ideas: readonly FixIdea[],
  station: Station,
  network: Network,
  trials: readonly Trial[],
): Fix | null {
  for (const idea of ideas) {
    const changed = network.with(carriedOut(station, idea.commands));
    const seen: string[] = [];
    for (const trial of trials) {
      const outcome = trial(changed);
      if (!outcome?.mended) break;
      seen.push(outcome.text);
    }
    if (seen.length < trials.length) continue;
    const { summary, risk } = idea;
    const expected = [...new Set(seen)].slice(0, TOLD).join('. ');
    return {
      summary,
      commands: station.netns === null ? idea.commands : within(station.netns, idea.commands),
      manifests: [],
      risk,
      expected: `Tried in the model of the nodes' routes, rules and settings: ${expected}.`,
    };
  }
  return null;
}

function carriedOut({ snapshot }: Station, commands: readonly FixCommand[]) {
  return commands
    .filter((command) => !command.persists)
    .flatMap(({ command }) => changesOf(command))
    .reduce(applyChange, snapshot);
}

/** The commands for another network namespace of the node; it is made anew at each boot, so none of them lasts. */
function within(netns: string, commands: readonly FixCommand[]): FixCommand[] {
  return commands
    .filter((command) => !command.persists)
    .map(({ node, command }) => ({ node, command: `ip netns exec ${netns} ${command}`, persists: false }));
}
