/** UDP and pings that were answered by another way than they came in: asymmetric, and no fault. */
import test from 'ava';
import { renderTerminal } from '../../src/report/terminal.js';
import { analyzeNodes, udp } from '../correlate/cooked.js';
import { EditedScenario } from './edited-bundle.js';

const prose = (text: string) => text.replace(/\s+/g, ' ');

for (const scenario of ['healthy-echo', 'wrong-gateway-udp-passes', 'filtered-udp-other-port']) {
  test(`${scenario}: is told as answered, and that the way back was not captured`, async (t) => {
    const analysis = await new EditedScenario(t, scenario).analyze();
    t.deepEqual(
      analysis.findings.map((f) => [f.cause, f.severity]),
      [['undetermined', 'info']],
    );
    t.is(analysis.totals[0]!.answered, 3);
    const text = prose(renderTerminal(analysis, { columns: 80, color: false }));
    t.regex(text, /^UNCLEAR No fault found: 3 of 3 connections (to \S+ )?were answered\./);
    t.regex(text, /3 replies were not seen where their requests had come in: .* \(see Capture next\)\./);
    t.regex(text, /whether it got to the client was not captured/);
    t.regex(analysis.gaps[0]!.why, /left lb-3 towards 10\.20\.30\.254/);
    t.regex(analysis.gaps[0]!.capture!, /^tcpdump -i any .*'host 172\.31\.255\.80 /);
  });
}

test('its twin, whose replies are lost, is a fault', async (t) => {
  const { findings, totals } = await new EditedScenario(t, 'wrong-gateway-udp').analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.severity]),
    [['wrong-gateway', 'fault']],
  );
  t.is(totals[0]!.answered, undefined);
});

test('a reply with an address that was not asked is no answer', async (t) => {
  const [client, vip, pod] = ['203.0.113.9:40000', '198.51.100.7:6000', '10.8.3.4:6001'];
  const packets = [
    udp({ at: 0, on: 2, way: 'in' }, client, vip, 'question'),
    udp({ at: 0.001, on: 4, way: 'out', ttl: 63 }, client, pod, 'question'),
    udp({ at: 0.01, on: 4, way: 'in', ttl: 64 }, pod, client, 'answer'),
    udp({ at: 0.011, on: 3, way: 'out', ttl: 63 }, pod, client, 'answer'),
  ];
  const analysis = await analyzeNodes(t, [{ packets }]);
  t.deepEqual(
    analysis.attempts.map((a) => a.outcome),
    ['unacknowledged'],
  );
  t.is(analysis.totals[0]!.answered, undefined);
  t.regex(renderTerminal(analysis, { columns: 80, color: false }), /^UNCLEAR/);
});
