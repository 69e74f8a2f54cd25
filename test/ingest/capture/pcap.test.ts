import test from 'ava';
import { InputError } from '../../../src/model/errors.js';
import { readOctets } from './support.js';
import { type PcapPacket, writePcap } from './writer.js';

const data = Buffer.from('0011223344', 'hex');
const packet: PcapPacket = { seconds: 1_700_000_000, fraction: 123_456, data };

for (const littleEndian of [true, false]) {
  const order = littleEndian ? 'little-endian' : 'big-endian';

  test(`microseconds, ${order}`, async (t) => {
    const { packets, summary } = await readOctets(writePcap([packet], { littleEndian }));
    t.like(packets[0], { seconds: 1_700_000_000, nanoseconds: 123_456_000, data: '0011223344', number: 1 });
    t.like(summary, { format: 'pcap', packets: 1, bytes: 45, truncated: false, error: null, dropped: null });
    t.is(summary.firstTime, 1_700_000_000_123_456_000n);
  });

  test(`nanoseconds, ${order}`, async (t) => {
    const octets = writePcap([{ ...packet, fraction: 999_999_999 }], { littleEndian, magic: 0xa1b23c4d });
    const { packets } = await readOctets(octets);
    t.like(packets[0], { seconds: 1_700_000_000, nanoseconds: 999_999_999 });
  });
}

test('the interface is what the file header says', async (t) => {
  // FCS of 2 words present (0x24…), class 0x0224: only the lower half is the link type.
  const { summary } = await readOctets(writePcap([], { linkType: 0x2624_0071, snapLength: 96 }));
  t.deepEqual(summary.interfaces, [
    {
      index: 0,
      name: null,
      description: null,
      linkType: 0x71,
      snapLength: 96,
      filter: null,
      dropped: null,
      received: null,
    },
  ]);
  t.like(summary, { packets: 0, firstTime: null, lastTime: null, truncated: false });
});

test('lengths that contradict each other are given as they are', async (t) => {
  const octets = writePcap(
    [
      { ...packet, data: Buffer.alloc(0), originalLength: 0 },
      { ...packet, originalLength: 2 },
      { ...packet, data: Buffer.alloc(100), originalLength: 1500 },
    ],
    { snapLength: 60 },
  );
  const { packets } = await readOctets(octets);
  t.deepEqual(
    packets.map((each) => [each.data.length / 2, each.originalLength]),
    [
      [0, 0],
      [5, 2],
      [100, 1500],
    ],
  );
});

test('a fraction past the second is carried over', async (t) => {
  const { packets } = await readOctets(writePcap([{ ...packet, fraction: 2_000_001 }]));
  t.like(packets[0], { seconds: 1_700_000_002, nanoseconds: 1000 });
});

test('first and last are by time, not by place', async (t) => {
  const at = (seconds: number, fraction: number) => ({ seconds, fraction, data });
  const { summary } = await readOctets(writePcap([at(5, 7), at(9, 1), at(5, 6), at(9, 0)]));
  t.is(summary.firstTime, 5_000_006_000n);
  t.is(summary.lastTime, 9_000_001_000n);
});

test('a packet as long as libpcap takes them is taken, a longer one is damage', async (t) => {
  const longest = await readOctets(
    writePcap([{ ...packet, data: Buffer.alloc(262144) }], { snapLength: 65535 }),
  );
  t.is(longest.summary.packets, 1);
  const tooLong = writePcap([packet, { ...packet, data: Buffer.alloc(262145) }], { snapLength: 65535 });
  const error = await t.throwsAsync(readOctets(tooLong), { instanceOf: InputError });
  t.like(error, { file: 'test.pcap', offset: 24 + 16 + 5 });
  t.regex(error.message, /^test\.pcap: at octet 45: packet 2 claims 262145 captured octets/);
});

test('a snapshot length beyond the usual is believed', async (t) => {
  const octets = writePcap([{ ...packet, data: Buffer.alloc(300_000) }], { snapLength: 400_000 });
  t.is((await readOctets(octets)).summary.packets, 1);
});

test('damage is told beside what was read before it, where the caller keeps going', async (t) => {
  const octets = Buffer.concat([writePcap([packet, packet]), Buffer.alloc(16, 0xff)]);
  const { packets, summary } = await readOctets(octets, { keepGoing: true });
  t.is(packets.length, 2);
  t.like(summary, { packets: 2, truncated: false });
  t.is(summary.error?.offset, 24 + 2 * 21);
});

test('another version is refused', async (t) => {
  await t.throwsAsync(readOctets(writePcap([packet], { major: 1 })), {
    instanceOf: InputError,
    message: /version 1\.4, not 2\.4/,
  });
});
