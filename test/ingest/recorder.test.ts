/** What the recorder noted of itself in node.json, as the analysis tells it. */
import test, { type ExecutionContext } from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import { EditedScenario } from '../diagnose/edited-bundle.js';

const NODE = 'worker-a';

function told(t: ExecutionContext, more: object): Promise<Analysis> {
  const node = { format: 'returnpath-bundle/1', node: NODE, recorder: 'returnpath 1', ended: 'yes', ...more };
  return new EditedScenario(t, 'direct-return-ethernet')
    .write(NODE, 'node.json', JSON.stringify(node))
    .analyze();
}

const FROM = '2026-01-31T10:00:00.250Z';
const UNTIL = '2026-01-31T10:00:00.500Z';

function whys({ gaps }: Analysis): string[] {
  return gaps.flatMap(({ why }) => (/not captured|interrupted/.test(why) ? [why] : []));
}

test('what was not captured meanwhile is a gap, of an interface or of the whole node', async (t) => {
  const analysis = await told(t, {
    interruptions: [
      { interface: 'v0', from: FROM, until: null, why: 'it went down or away' },
      { interface: null, from: FROM, until: UNTIL, why: 'libpcap ended' },
    ],
  });
  t.deepEqual(whys(analysis), [
    `v0 of ${NODE} was not captured from ${FROM} on: it went down or away`,
    `${NODE} was not captured from ${FROM} to ${UNTIL}: libpcap ended`,
  ]);
});

test('of many interruptions some are told, and how many more there are', async (t) => {
  const one = { interface: null, from: FROM, until: UNTIL, why: 'libpcap ended' };
  const gaps = whys(await told(t, { interruptions: Array(50).fill(one) }));
  t.is(gaps.length, 21);
  t.regex(gaps.at(-1)!, /^captures were interrupted 30 times more/);
});

test('what another hand wrote there is passed over', async (t) => {
  const odd = [null, 7, {}, { from: 'yesterday', why: 'x' }, { from: FROM }, { from: 1, until: 2, why: 'x' }];
  t.deepEqual(whys(await told(t, { interruptions: odd })), []);
  t.deepEqual(whys(await told(t, { interruptions: 'none' })), []);
});

test("a capture's later part is of the interface that its name says", async (t) => {
  const scenario = new EditedScenario(t, 'direct-return-ethernet');
  const interfaces = ({ attempts }: Analysis) =>
    new Set(attempts.flatMap(({ path }) => path.map((step) => `${step.node} ${step.interface}`)));
  const before = interfaces(await scenario.analyze());
  for (const node of scenario.nodes) {
    // The links would tell as well.
    scenario.without(node, 'ip-link.json');
    for (const file of scenario.filesOf(node).filter((name) => name.endsWith('.pcap'))) {
      const bytes = scenario.read(node, file);
      scenario.without(node, file).write(node, file.replace('.pcap', '-part2.pcap'), bytes);
    }
  }
  t.deepEqual(interfaces(await scenario.analyze()), before);
});
