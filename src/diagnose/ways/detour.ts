import type { Attempt } from '../../correlate/attempt.js';
import { isTakenBefore } from '../place.js';
import { type Crossing, crossingsOf } from './crossing.js';
import { type Difference, differenceOf } from './difference.js';
import { remembered } from './remembered.js';
import { type SettingsWay, settingsWay } from './settings-way.js';

/** A node whose reply left by another way than the request came in by. */
export interface Detour extends Crossing {
  difference: Difference;
  /** What the node's own settings say of the reply's way; null without a snapshot that tells. */
  settings: SettingsWay | null;
  /** Whether they send it by the way that it was seen to take. */
  agrees: boolean;
}

/** The first node on the reply's way that sent it another way; null where none did, or where that cannot be told. */
export const detourOf = remembered(
  (attempt: Attempt) => attempt,
  (attempt, context): Detour | null => {
    for (const crossing of crossingsOf(attempt, context)) {
      const { node, in: into, out } = crossing;
      // Whose namespace answers chooses the way.
      if (isTakenBefore(into.sighting, node, context)) continue;
      const settings = settingsWay(
        { attempt, request: into.sighting, node, device: into.interface, replyIn: crossing.replyIn },
        context,
        out.interface,
      );
      const difference = differenceOf(crossing, settings, context);
      if (!difference) continue;
      const agrees = settings?.certain === true && settings.hop.dev === out.interface;
      return { ...crossing, difference, settings, agrees };
    }
    return null;
  },
);
