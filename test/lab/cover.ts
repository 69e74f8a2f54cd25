/** Scenarios that show everything that any of them shows. */
import { expectations, type Scenario } from './scenario.js';

/** Few that have all traits together: each time the one that has most of what none before has, the first of several. */
export function cover(scenarios: readonly Scenario[]): Scenario[] {
  const left = new Map(scenarios.map((scenario) => [scenario, new Set(traitsOf(scenario))]));
  const covered: Scenario[] = [];
  for (;;) {
    const [most] = [...left].sort(([, a], [, b]) => b.size - a.size);
    if (!most || most[1].size === 0) return covered;
    const [scenario, own] = most;
    covered.push(scenario);
    left.delete(scenario);
    for (const traits of left.values()) for (const trait of own) traits.delete(trait);
  }
}

/** What of the kernel, of the network and of the recorder a scenario rests on. */
function traitsOf(scenario: Scenario): string[] {
  const { ground, traffic, form, fails, slow, changesHands, recorded, namespaces, meanwhile } = scenario;
  const causes = expectations(scenario).map(({ cause }) => cause);
  const what = causes.length > 0 ? causes : [slow ? `slow ${slow}` : 'healthy'];
  const version = ground.vip.includes(':') ? 'IPv6' : 'IPv4';
  const { captures, compression, container, kernelLog, drops, filter, lateMs } = form;
  const odd = Object.entries({
    [`${fails}`]: fails,
    changesHands,
    recorded,
    namespaces,
    meanwhile,
    drops,
    filter,
    lateMs,
  });
  return [
    ...what.flatMap((cause) => [`${cause} ${traffic.protocol}`, `${cause} ${version}`]),
    what.join(' and '),
    ...odd.flatMap(([trait, value]) => (value ? [`${trait} ${causes.length > 0}`] : [])),
    captures,
    compression,
    container,
    kernelLog,
  ];
}
