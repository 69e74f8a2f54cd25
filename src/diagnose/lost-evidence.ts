import type { Evidence } from '../model/analysis.js';
import { numberText } from '../model/texts.js';
import { evidence, packetEvidence, QUOTED } from './evidence.js';
import { type Loss, lastSightings } from './loss.js';

/**
 * The packets that were lost at one place: some, and how many there are.
 *
 * @param losses of all attempts of a finding
 */
export function lostEvidence(losses: readonly Loss[], remark: string): Evidence[] {
  const lost = losses.flatMap(lastSightings);
  const shown = lost.slice(0, QUOTED).map((sighting) => packetEvidence(sighting, remark));
  if (lost.length > QUOTED) {
    const text = `${numberText(lost.length)} packets of ${numberText(losses.length)} attempts ended there`;
    shown.push(evidence('capture', text, { node: losses[0]!.last.point.node }));
  }
  return shown;
}
