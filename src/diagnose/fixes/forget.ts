/** A wrong neighbour entry is forgotten: the address is asked for anew. */
import type { Attempt } from '../../correlate/attempt.js';
import type { CauseId } from '../../model/analysis.js';
import type { DiagnosisContext } from '../context.js';
import { resolutionOf } from '../neighbours/evidence.js';
import type { WrongEntry } from '../neighbours/wrong-entry.js';
import { shellWord } from '../shell-word.js';
import { endingsOf, toFix } from './fix.js';
import { errandsOf, fixFor } from './fix-for.js';
import { COST } from './idea.js';
import type { Remedy } from './repair.js';
import type { Step } from './step.js';
import { isHandedOn, type TrialResult, tryOut } from './trial.js';

/**
 * Forgets the entry, tried on a copy of the snapshots. Where that alone does not mend it, with what else would.
 *
 * @param attempts those that the finding explains
 */
export function forgetting(
  cause: CauseId,
  wrong: WrongEntry,
  attempts: readonly Attempt[],
  context: DiagnosisContext,
): Remedy {
  const { holder, address, interface: name } = wrong;
  const step: Step = {
    node: holder.node,
    netns: holder.netns,
    // `ip neigh flush` leaves permanent entries alone.
    command: `ip neigh del ${address} dev ${shellWord(name)}`,
    isPassing: true,
    apply: (snapshot) => ({
      ...snapshot,
      neighbours: snapshot.neighbours?.filter((n) => n.address !== address || n.interface !== name) ?? null,
    }),
  };
  const network = context.network.with(step.apply(holder.snapshot));
  const results = errandsOf(cause, attempts, context).flatMap((errand) => tryOut(errand, network) ?? []);
  // Who answers when the address is asked for anew may be a program, as a speaker is, that no setting tells of.
  const asked = { dev: name, via: address };
  const isVain = ({ mended, trips }: TrialResult) =>
    mended === false && !trips.every((trip) => isHandedOn(trip, holder, asked));
  const rest = results.some(isVain) ? fixFor(cause, attempts, context) : null;
  if (rest && !rest.fix) return rest;
  const idea = {
    summary: `Have ${holder.label} forget its entry for ${address}; where it is a permanent one, take it from the configuration that sets it.`,
    steps: [step],
    risk: 'None: the address is asked for anew.',
    cost: COST.change,
  };
  const endings = endingsOf(results);
  const fix = toFix({ ideas: [idea], uncovered: [], mendsAcks: false, network, ...endings });
  const next = `The next packet for ${address} is asked for by ${resolutionOf(address)}, and goes to whoever answers for it.`;
  // The model asks no entries: it takes for granted that the packet gets there.
  if (rest?.fix) {
    return {
      fix: {
        ...rest.fix,
        summary: `${idea.summary} ${rest.fix.summary}`,
        commands: [...fix.commands, ...rest.fix.commands],
        expected: `${next} ${rest.fix.expected}`,
      },
    };
  }
  // Where nothing could be followed to its end, the trial has nothing to tell.
  return { fix: { ...fix, expected: endings.mended.length > 0 ? `${next} ${fix.expected}` : next } };
}
