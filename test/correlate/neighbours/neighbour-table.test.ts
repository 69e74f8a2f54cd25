import test from 'ava';
import { CapturePoints } from '../../../src/correlate/capture-points.js';
import type { NeighbourMessage } from '../../../src/correlate/neighbours/message.js';
import { readMessages } from '../../../src/correlate/neighbours/read-messages.js';
import { DecodedPackets } from '../../../src/correlate/track/decoded-packets.js';
import { Tracker } from '../../../src/correlate/track/tracker.js';
import { readCapture } from '../../../src/ingest/capture/reader.js';
import { Wire } from './wire.js';

const ROUTER = '02:00:00:00:00:01';
const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const VIP = '192.0.2.100';

/** What a tracker keeps of a capture. */
async function keep(pcap: Uint8Array): Promise<{ messages: NeighbourMessage[]; leftOut: number }> {
  const tracker = new Tracker();
  const decoded = new DecodedPackets(tracker);
  const chunks = (async function* () {
    yield pcap;
  })();
  const summary = await readCapture(chunks, 'eth0.pcap', (record) => decoded.observe(record));
  const file = {
    node: 'n',
    netns: null,
    file: 'eth0.pcap',
    interfaces: summary.interfaces,
    nameHint: 'eth0',
    snapshot: null,
  };
  return {
    messages: readMessages(tracker.neighbours.rows(), new CapturePoints(file)),
    leftOut: tracker.neighbours.leftOut,
  };
}

const brief = ({ kind, target, claimedMac, asker }: NeighbourMessage) => [kind, target, claimedMac, asker];

test('ARP: requests, probes, replies and both forms of gratuitous ARP', async (t) => {
  const wire = new Wire()
    .ask(ROUTER, '192.0.2.1', VIP)
    .answer(A, VIP, ROUTER, '192.0.2.1')
    .ask(B, '0.0.0.0', VIP)
    .announce(A, VIP)
    .announce(A, VIP, 'reply')
    // What a kernel answers to gratuitous ARP: to one, though sender and target are the same.
    .answer(B, VIP, A, VIP);
  const { messages } = await keep(wire.capture());
  t.deepEqual(messages.map(brief), [
    ['request', VIP, null, null],
    ['reply', VIP, A, '192.0.2.1'],
    ['probe', VIP, null, null],
    ['announcement', VIP, A, null],
    ['announcement', VIP, A, null],
    ['reply', VIP, B, VIP],
  ]);
  t.is(messages[0]!.senderMac, ROUTER);
  t.is(messages[1]!.etherDestination, ROUTER);
  t.is(messages[0]!.point.interface, 'eth0');
});

test('NDP: solicitations, probes, advertisements with and without a question, the override flag', async (t) => {
  const vip = '2001:db8::100';
  const wire = new Wire()
    .solicit(ROUTER, '2001:db8::1', vip)
    .advertise(A, vip, ROUTER, '2001:db8::1')
    .solicit(B, '::', vip)
    .advertise(A, vip, '33:33:00:00:00:01', 'ff02::1', 0x20)
    .advertise(B, vip, ROUTER, '2001:db8::1', 0x40);
  const { messages } = await keep(wire.capture());
  t.deepEqual(messages.map(brief), [
    ['request', vip, null, null],
    ['reply', vip, A, '2001:db8::1'],
    ['probe', vip, null, null],
    ['announcement', vip, A, null],
    ['reply', vip, B, '2001:db8::1'],
  ]);
  t.deepEqual(
    messages.map((m) => m.override),
    [null, true, null, true, false],
  );
});

test('what repeats is kept a few times, and the last of it', async (t) => {
  const wire = new Wire();
  for (let i = 0; i < 5000; i++) wire.wait(1000).announce(A, VIP);
  wire.announce(B, VIP);
  const { messages, leftOut } = await keep(wire.capture());
  t.true(messages.length < 10);
  t.deepEqual(
    messages.slice(-2).map((m) => [m.claimedMac, m.packet]),
    [
      [A, 5000],
      [B, 5001],
    ],
  );
  t.is(leftOut, 0);
});

test('a scan takes no more than its share, and does not push out what was claimed', async (t) => {
  const wire = new Wire().ask(ROUTER, '192.0.2.1', VIP).answer(A, VIP, ROUTER, '192.0.2.1');
  for (let i = 0; i < 20_000; i++) wire.ask(B, '192.0.2.9', `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  const { messages, leftOut } = await keep(wire.capture());
  t.true(messages.length < 5000);
  t.is(leftOut, 20_000 - (messages.length - 2));
  t.deepEqual(messages.slice(0, 2).map(brief), [
    ['request', VIP, null, null],
    ['reply', VIP, A, '192.0.2.1'],
  ]);
});

test('owners that take turns without end: the first and the latest are kept, and the rest is counted', async (t) => {
  const wire = new Wire();
  for (let i = 0; i < 1000; i++) wire.announce(A, VIP).announce(B, VIP);
  const { messages, leftOut } = await keep(wire.capture());
  t.is(messages.length + leftOut, 2000);
  t.true(messages.length < 300);
  t.is(messages[0]!.packet, 1);
  t.is(messages.at(-1)!.packet, 2000);
});
