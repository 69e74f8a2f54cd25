import { analyze } from '../../src/analyze.js';
import type { Analysis, Finding } from '../../src/model/analysis.js';
import { bundlesIn } from '../scenarios/truth.js';
import { recordScenario } from './record.js';
import type { Scenario } from './scenario.js';
import type { ClientResult, Truth } from './truth.js';

/** A scenario that nobody thought out, recorded and analyzed. */
export interface Round {
  truth: Truth;
  /** What became of the connections, each once, by the client itself. */
  results: ClientResult['result'][];
  analysis: Analysis;
  /** The findings of that severity. */
  faults: Finding[];
}

/**
 * Records into a directory, and analyzes what is there then.
 *
 * @param refusal what an error says where the scenario itself cannot be set up, which is no failure; null where it has to be
 * @param turn takes its turn among other recordings
 * @returns the words of the refusal in place of a round
 */
export async function roundOf(
  scenario: Scenario,
  directory: string,
  refusal: RegExp | null,
  turn = <T>(record: () => Promise<T>): Promise<T> => record(),
): Promise<Round | string> {
  let truth: Truth;
  try {
    ({ truth } = await turn(() => recordScenario(scenario, directory, undefined, () => [])));
  } catch (error) {
    const { message } = error as Error;
    if (!refusal?.test(message)) throw error;
    return message;
  }
  const options = { vips: [truth.vip], keepGoing: false, warn: () => {}, attempts: 'all' } as const;
  const analysis = await analyze(bundlesIn(directory), options);
  return {
    truth,
    results: [...new Set(truth.client.map(({ result }) => result))],
    analysis,
    faults: analysis.findings.filter(({ severity }) => severity === 'fault'),
  };
}
