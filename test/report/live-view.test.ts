/** What a live run tells of the connections so far. */
import test from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import { type LiveView, totalsOf } from '../../src/report/live/view.js';
import { EditedScenario } from '../diagnose/edited-bundle.js';

const viewOf = (analysis: Analysis, settledUntilMs: number): LiveView => ({
  ...{ elapsedMs: 1000, leftMs: null, isEnding: false, nodes: [], probes: [], arpings: [] },
  analysis,
  settledUntilMs,
});

test('pings that were answered by another way are not lost; at first they are open', async (t) => {
  const analysis = await new EditedScenario(t, 'healthy-echo').analyze();
  const counts = (settledUntilMs: number) =>
    totalsOf(viewOf(analysis, settledUntilMs)).map(({ made, lost, pending }) => ({ made, lost, pending }));
  t.deepEqual(counts(0), [{ made: 0, lost: 0, pending: 3 }]);
  t.deepEqual(counts(Number.MAX_SAFE_INTEGER), [{ made: 3, lost: 0, pending: 0 }]);
});

test('those whose replies were lost are lost', async (t) => {
  const analysis = await new EditedScenario(t, 'wrong-gateway-udp').analyze();
  const [total] = totalsOf(viewOf(analysis, Number.MAX_SAFE_INTEGER));
  t.like(total, { made: 0, lost: 3, pending: 0 });
});
