import { InputError } from '../model/errors.js';
import type { Snapshot } from '../model/snapshot.js';
import { type ReadInputsOptions, readInputs } from './read-inputs.js';
import type { GivenFiles, InputProblem } from './reading/inputs.js';

export interface Snapshots {
  /** One a network namespace of a node, by order of the inputs; at least one. */
  snapshots: Snapshot[];
  /** What their files are called by those who gave them. */
  given: GivenFiles[];
  /** What the readers wondered about, and what was passed over; one line each. */
  warnings: string[];
  /** Of those, what was passed over. */
  problems: InputProblem[];
}

/**
 * What the nodes said of themselves, without a look into their captures.
 *
 * @param inputs as on the command line: `PATH`, `NODE=PATH`, `NODE/NETNS=PATH`, `-`
 * @throws InputError where one cannot be read (with `keepGoing`: where none can), or none holds a snapshot
 * @throws UsageError where the names do not fit
 */
export async function readSnapshots(
  inputs: readonly string[],
  options: Pick<ReadInputsOptions, 'keepGoing'>,
): Promise<Snapshots> {
  const { snapshots, given, warnings, problems } = await readInputs(inputs, {
    ...options,
    snapshotsOnly: true,
  });
  if (snapshots.length === 0) {
    const reason = 'holds no file that tells of a node (ip-route.json, sysctl.txt, …)';
    throw new InputError(inputs.join(', '), null, reason);
  }
  const told = [...warnings, ...problems.map((problem) => problem.message)];
  return { snapshots, given, warnings: told, problems };
}
