/** Requests that may have gone to one of several next hops. */
import test from 'ava';
import { Altered } from './altered.js';

const DEAD = /nobody answers ARP for 192\.168\.1\.99 on lan1/;

test('the one that nobody answers for is told, not the one that serves', async (t) => {
  const { findings } = await new Altered(t, 'not-delivered-dead-next-hop').analyze();
  t.deepEqual(
    findings.map(({ cause, confidence, node }) => [cause, confidence, node]),
    [['not-delivered', 'probable', 'router']],
  );
  t.regex(findings[0]!.summary, DEAD);
  t.notRegex(JSON.stringify([findings[0]!.noFix, findings[0]!.evidence]), /192\.168\.1\.11 |filter for ARP/);
});

test('where no entry tells which of them it is, none is accused', async (t) => {
  const blind = new Altered(t, 'not-delivered-dead-next-hop').edit('router', 'ip-neigh.json', () => '[]');
  for (const { confidence, summary, noFix } of (await blind.analyze()).findings) {
    t.is(confidence, 'possible');
    t.notRegex(`${summary} ${noFix}`, /nobody answers/);
  }
});
