/** Port scans are noise, whatever stands in their way. */
import test from 'ava';
import type { Attempt } from '../../src/correlate/attempt.js';
import { withoutScans } from '../../src/diagnose/scan.js';
import type { CauseId, Finding } from '../../src/model/analysis.js';
import type { Wire } from '../correlate/neighbours/wire.js';
import { A, GATEWAY, node, ROUTER, refusedBy, asked as resolved, run, VIP } from './lan.js';

const asked = (port: number, tries = 1) =>
  ({
    protocol: 'tcp',
    outcome: 'no-reply',
    tries,
    client: { address: '198.51.100.5', port: 40_000 + port },
    server: { address: '192.0.2.100', port },
  }) as Attempt;
const ports = Array.from({ length: 12 }, (_, i) => asked(8000 + i));
const finding = (cause: CauseId) => ({ cause, severity: 'fault', summary: '' }) as Finding;

test('ports of a VIP that no Service has lead back to the link: a scan of them is no fault', (t) => {
  for (const cause of ['not-delivered', 'filtered', 'refused'] as const) {
    t.is(withoutScans(finding(cause), ports, ports).severity, 'info', cause);
  }
});

test('one port that a client goes on asking for, or few ports, are no scan', (t) => {
  const eager = asked(80, 5);
  t.is(withoutScans(finding('not-delivered'), [eager], [...ports, eager]).severity, 'fault');
  t.is(withoutScans(finding('not-delivered'), ports.slice(0, 5), ports.slice(0, 5)).severity, 'fault');
  t.is(withoutScans(finding('rp-filter'), ports, ports).severity, 'fault');
});

test('of many findings, those of scans are told as of a few', (t) => {
  const eager = Array.from({ length: 20 }, (_, i) => ({
    ...asked(80 + i, 5),
    client: { address: `198.51.100.${100 + i}`, port: 40_000 },
  }));
  const all = [...ports, ...eager];
  for (const attempt of eager) {
    t.is(withoutScans(finding('not-delivered'), [attempt], all).severity, 'fault');
  }
  t.is(withoutScans(finding('not-delivered'), ports, all).severity, 'info');
});

/** The node that has the VIP refuses so many ports of it, each asked so often. */
function refusing(portCount: number, times: number): Wire {
  const wire = resolved([A]);
  for (let time = 0; time < times; time++) {
    for (let i = 0; i < portCount; i++) {
      const ends = refusedBy(wire, A, 40_000 + time * 100 + i).frames.slice(-2);
      // The SYN's destination port, and the RST's source port.
      ends[0]!.bytes.set([0x1f, i], 36);
      ends[1]!.bytes.set([0x1f, i], 34);
    }
    wire.wait(500);
  }
  return wire.wait(3000).ask(ROUTER, GATEWAY, VIP);
}

test('all ports that one scan found closed are one finding, whose gaps ask for nothing', async (t) => {
  const files = node(A, `${VIP}/32`);
  const { findings, gaps } = await run(t, { node1: { ...files, 'eth0.pcap': refusing(12, 1).capture() } });
  t.deepEqual(
    findings.map((f) => [f.cause, f.severity, f.attempts.length]),
    [['refused', 'info', 12]],
  );
  t.regex(findings[0]!.summary, / and 9 others; .* One client \(198\.51\.100\.5\)/);
  t.deepEqual(gaps, []);
});

test('ports that a client goes on asking for are services that are lost, a finding each', async (t) => {
  const files = node(A, `${VIP}/32`);
  const { findings } = await run(t, { node1: { ...files, 'eth0.pcap': refusing(12, 3).capture() } });
  t.deepEqual(
    findings.map((f) => [f.cause, f.severity, f.attempts.length]),
    Array.from({ length: 12 }, () => ['refused', 'fault', 3]),
  );
});
