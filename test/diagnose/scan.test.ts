/** Port scans are noise, whatever stands in their way. */
import test from 'ava';
import type { Attempt } from '../../src/correlate/attempt.js';
import { withoutScans } from '../../src/diagnose/scan.js';
import type { CauseId, Finding } from '../../src/model/analysis.js';

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
