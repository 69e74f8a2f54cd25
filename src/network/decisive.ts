import type { Passage } from '../kernel/netfilter/passage.js';
import type { Journey } from './journey.js';

/** Rules that may have dropped a packet on a journey on which it is taken to have passed them. */
export function doubtfulDrops({ legs }: Journey): string[] {
  return [
    ...new Set(
      legs.flatMap(({ station, passage }) => passage.unknownDrops.map((line) => `${station.label}: ${line}`)),
    ),
  ];
}

/** What of a passage could be other than it is taken to be, and the packet not be dropped for it. */
export function decisive({ unknown, unknownDrops }: Passage): string[] {
  return unknown.filter((line) => !unknownDrops.includes(line));
}
