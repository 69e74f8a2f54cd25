import type { Fix } from '../../src/model/analysis.js';
import { linesOf } from './remedy.js';
import { nodesOf, type Scenario } from './scenario.js';

/** Pairs of scenarios that can be set on one ground: what is wrong with it is then more than either knows of. */
export function pairsOf(scenarios: readonly Scenario[]): [Scenario, Scenario][] {
  const plain = scenarios.filter(isPlain);
  return plain.flatMap((one, i) =>
    plain
      .slice(i + 1)
      .flatMap((other): [Scenario, Scenario][] => (isAlike(one, other) ? [[one, other]] : [])),
  );
}

/** Nothing but settings, which stand before the client comes. */
function isPlain({ meanwhile, recorded, form, rpFilter, changes }: Scenario): boolean {
  const isSet = Object.keys(rpFilter).length > 0 || Object.keys(changes).length > 0;
  return isSet && !meanwhile && !recorded && form.lateMs === undefined && form.filter === undefined;
}

function isAlike({ ground: a, traffic: one }: Scenario, { ground: b, traffic: other }: Scenario): boolean {
  const names = ({ nodes, vip, port }: Scenario['ground']) => [...nodes, vip, port].join(' ');
  return names(a) === names(b) && one.protocol === other.protocol;
}

/**
 * The first one's ground with what both set on it. Without drop reasons, which are of the whole machine, and so of what is
 * recorded beside it as well.
 */
export function both(one: Scenario, other: Scenario): Scenario {
  const rpFilter: Record<string, Record<string, 0 | 1 | 2>> = {};
  for (const [machine, values] of [...Object.entries(one.rpFilter), ...Object.entries(other.rpFilter)]) {
    rpFilter[machine] = { ...rpFilter[machine], ...values };
  }
  return {
    ...one,
    name: `${one.name} and ${other.name}`,
    rpFilter,
    logMartians: true,
    changes: joined(one.changes, without(other.changes, one.changes)),
    namespaces: { ...one.namespaces, ...other.namespaces },
    form: { ...one.form, captures: 'any', drops: false },
  };
}

/** The same with fixes carried out on it. */
export function mendedBy(scenario: Scenario, fixes: readonly Fix[]): Scenario {
  const machines = new Set([...nodesOf(scenario), ...Object.values(scenario.namespaces ?? {}).flat()]);
  const lines: Record<string, string[]> = {};
  for (const { machine, line } of fixes.flatMap(linesOf)) {
    // There is no Kubernetes in the lab, and nobody at the client's end.
    if (!machines.has(machine) || !/^(?:ip|sysctl|ip6?tables|nft) /.test(line)) continue;
    lines[machine] = [...(lines[machine] ?? []), line];
  }
  return { ...scenario, changes: joined(scenario.changes, lines) };
}

function joined(one: Scenario['changes'], other: Scenario['changes']): Scenario['changes'] {
  const machines = new Set([...Object.keys(one), ...Object.keys(other)]);
  return Object.fromEntries(
    [...machines].map((machine) => [machine, [...(one[machine] ?? []), ...(other[machine] ?? [])]]),
  );
}

/** What both set is set once: a second time much of it is refused. */
function without(changes: Scenario['changes'], known: Scenario['changes']): Scenario['changes'] {
  return Object.fromEntries(
    Object.entries(changes).map(([machine, lines]) => [
      machine,
      lines.filter((line) => !known[machine]?.includes(line)),
    ]),
  );
}
