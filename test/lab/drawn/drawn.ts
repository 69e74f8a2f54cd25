/** Scenarios that nobody thought of: a ground of the lab's, with settings that are drawn on its machines. */
import fc from 'fast-check';
import type { Scenario } from '../scenario.js';
import { FORM } from '../scenarios/base.js';
import type { Machine } from './machines.js';
import { settingOf, type World } from './settings.js';

/** Scenarios by the ground that they are on, and what their clients speak. */
export function grounds(scenarios: readonly Scenario[]): Scenario[][] {
  const groups = new Map<string, Scenario[]>();
  const numbers = new Map(scenarios.map(({ ground }) => ground).map((ground, i) => [ground, i]));
  for (const scenario of scenarios) {
    const { ground, traffic, meanwhile } = scenario;
    // Who serves is part of the ground there.
    if (meanwhile || traffic.cookieOctets !== undefined || traffic.responseOctets !== undefined) continue;
    const key = `${numbers.get(ground)} ${traffic.protocol}`;
    groups.set(key, [...(groups.get(key) ?? []), scenario]);
  }
  return [...groups.values()];
}

/**
 * A ground with one to four settings on it, recorded at all of its machines, or at some.
 *
 * @param alike scenarios on one ground
 * @param machines of that ground
 */
export function drawnOn(alike: readonly Scenario[], machines: readonly Machine[]): fc.Arbitrary<Scenario> {
  const [first] = alike as [Scenario];
  const { ground } = first;
  const world: World = { ...ground, protocol: first.traffic.protocol, machines };
  const within = machines.filter(({ name }) => name !== 'client');
  const setting = fc
    .constantFrom(...within)
    .chain((machine) => settingOf(world, machine).map((lines): [string, string[]] => [machine.name, lines]));
  return fc
    .record({
      // What is wrong already, with more of it, or none.
      before: fc.oneof(fc.constant(null), fc.constantFrom(...alike)),
      settings: fc.array(setting, { minLength: 1, maxLength: 4 }),
      recorded: fc.oneof(
        { weight: 2, arbitrary: fc.constant(within.map(({ name }) => name)) },
        { weight: 1, arbitrary: fc.constant([...ground.nodes]) },
        {
          weight: 2,
          arbitrary: fc.subarray(
            machines.map(({ name }) => name),
            { minLength: 1 },
          ),
        },
      ),
      captures: fc.constantFrom<'any' | 'per-interface'>('any', 'per-interface'),
    })
    .map(({ before, settings, recorded, captures }) => {
      const changes: Record<string, string[]> = {};
      for (const [machine, lines] of Object.entries(before?.changes ?? {})) changes[machine] = [...lines];
      for (const [machine, lines] of settings) changes[machine] = [...(changes[machine] ?? []), ...lines];
      const namespaces = Object.fromEntries(
        Object.entries(alike.find((scenario) => scenario.namespaces)?.namespaces ?? {}).filter(([node]) =>
          recorded.includes(node),
        ),
      );
      return {
        name: `drawn on ${before ? before.name : `the ground of ${first.name}`}`,
        description: 'Settings that were drawn.',
        ground,
        rpFilter: before?.rpFilter ?? {},
        logMartians: true,
        changes,
        traffic: (before ?? first).traffic,
        form: { ...FORM, captures },
        recorded,
        namespaces,
        expect: null,
        intermittent: false,
      };
    });
}
