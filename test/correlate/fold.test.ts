/** The stage can be asked at any time, and asking changes nothing. */
import test from 'ava';
import { correlate } from '../../src/correlate/correlate.js';
import { inFull } from '../../src/correlate/lone-attempt.js';
import { DecodedPackets } from '../../src/correlate/track/decoded-packets.js';
import { detached, type Observations, transferable } from '../../src/correlate/track/observations.js';
import { Tracker } from '../../src/correlate/track/tracker.js';
import { readCapture } from '../../src/ingest/capture/reader.js';
import { recordedFile } from './recorded.js';

const PCAP = recordedFile('rp-filter-intermittent', 'node1.tar.gz', 'node1/any.pcap');
/** Of the recording's packets, some are before it and some behind. */
const HALF = 40;

const NO_VIPS = { named: [], backends: new Map() };

async function* whole() {
  yield PCAP;
}

function attemptsOf(observations: Observations) {
  const file = {
    node: 'node1',
    netns: null,
    file: 'any.pcap',
    interfaces: [],
    nameHint: null,
    snapshot: null,
  };
  return correlate([{ file, observations }], ['node1'], NO_VIPS).attempts.map(inFull);
}

/** Folds the recording, asking after every `every` packets; returns what was said at the end, and each time. `half` is what was left behind halfway. */
async function fold(every: number, half: (observations: Observations) => void = () => {}) {
  const tracker = new Tracker();
  const decoded = new DecodedPackets(tracker);
  const ask = () => attemptsOf(tracker.observations());
  const asked: ReturnType<typeof ask>[] = [];
  await readCapture(whole(), 'any.pcap', (record) => {
    decoded.observe(record);
    if (record.number % every === 0) asked.push(ask());
    if (record.number === HALF) half(tracker.observations());
  });
  return { end: ask(), asked };
}

test('asked in between or not, the end is the same', async (t) => {
  const { end } = await fold(Number.POSITIVE_INFINITY);
  const often = await fold(7);
  t.true(often.asked.length > 10);
  t.deepEqual(often.end, end);
});

test('attempts only grow, and an established one stays so', async (t) => {
  const { asked } = await fold(5);
  for (let i = 1; i < asked.length; i++) {
    t.true(asked[i]!.length >= asked[i - 1]!.length);
    for (const before of asked[i - 1]!) {
      const now = asked[i]!.find((a) => a.client.port === before.client.port);
      t.truthy(now);
      t.true(now!.tries >= before.tries);
      if (before.outcome === 'established') t.is(now!.outcome, 'established');
    }
  }
});

test('what was left behind outlives the tables, and can be posted', async (t) => {
  let kept: Observations | null = null;
  let posted: Observations | null = null;
  let then: ReturnType<typeof attemptsOf> = [];
  const { end } = await fold(Number.POSITIVE_INFINITY, (observations) => {
    kept = detached(observations);
    const copy = detached(observations);
    posted = structuredClone(copy, { transfer: transferable(copy) });
    then = attemptsOf(observations);
  });
  t.true(then.length > 0);
  t.notDeepEqual(then, end);
  t.deepEqual(attemptsOf(kept!), then);
  t.deepEqual(attemptsOf(posted!), then);
});
