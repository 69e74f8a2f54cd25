import type { Analysis } from '../../src/model/analysis.js';
import type { Scenario } from '../lab/scenario.js';
import { SCENARIOS } from '../lab/scenarios/index.js';

export function scenarioNamed(name: string): Scenario {
  const scenario = SCENARIOS.find((s) => s.name === name);
  if (!scenario) throw new Error(`there is no scenario ${name}`);
  return scenario;
}

/** The faults of an analysis, each with its place. */
export function found({ findings }: Analysis): string[] {
  return findings
    .filter(({ severity }) => severity === 'fault')
    .map(({ cause, node, interface: device, claimants }) => {
      if (cause !== 'arp-conflict') return `${cause} ${node} ${device}`;
      return `${cause} ${claimants
        .map((c) => `${c.node} ${c.interface} ${c.mac}`)
        .sort()
        .join(', ')}`;
    })
    .sort();
}
