/** Which scenarios show everything that any of them shows, once. */
import { expectations, type Scenario } from './scenario.js';

/** In their order; the first that has a trait stands for all that have it. */
export function cover(scenarios: readonly Scenario[]): Scenario[] {
  const shown = new Set<string>();
  return scenarios.filter((scenario) => {
    const own = traitsOf(scenario).filter((trait) => !shown.has(trait));
    for (const trait of own) shown.add(trait);
    return own.length > 0;
  });
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
