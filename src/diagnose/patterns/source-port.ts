import type { Attempt } from '../../correlate/attempt.js';
import { byValue, type Candidate, type Dimension } from './dimension.js';

/**
 * A router with several equal paths (ECMP), a bond and a link aggregate choose a path by a hash of addresses and
 * ports, of which the low bits of the client's port are often all that differs: one path that loses packets then
 * loses the same ports.
 */
export const sourcePort: Dimension = {
  family: 'source-port',
  among: 'port',
  values: 'sought',
  candidates: (cases) =>
    MODULI.flatMap((modulus): Candidate[] => {
      const valueFor = ({ client: { port } }: Attempt) => (port === null ? null : residue(port, modulus));
      const phrase = (names: string) => `for source ports ${names}`;
      return byValue('source-port', cases, valueFor, phrase, HASHED);
    }),
};

/** The coarsest first: of those that tell as much, it is the one to report. */
const MODULI = [2, 4, 8] as const;

const residues = (modulus: number) => Array.from({ length: modulus }, (_, i) => `mod ${modulus} = ${i}`);
const RESIDUES = { 2: ['even', 'odd'], 4: residues(4), 8: residues(8) } as const;

const HASHED =
  'A path that is chosen by a hash of addresses and ports (ECMP, a bond, a link aggregate) would show like this.';

function residue(port: number, modulus: (typeof MODULI)[number]): string {
  return RESIDUES[modulus][port % modulus]!;
}
