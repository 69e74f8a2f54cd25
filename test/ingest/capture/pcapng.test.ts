import test from 'ava';
import fc from 'fast-check';
import { InputError } from '../../../src/model/errors.js';
import { readOctets } from './support.js';
import { Blocks, type Option } from './writer.js';

const little = new Blocks(true);
const big = new Blocks(false);
const data = Buffer.from('00112233445566', 'hex');

const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_TSRESOL = 9;
const IF_FILTER = 11;
const IF_TSOFFSET = 14;

function text(code: number, value: string): Option {
  return [code, Buffer.from(value)];
}

for (const blocks of [little, big]) {
  const order = blocks.littleEndian ? 'little-endian' : 'big-endian';

  test(`every kind of packet block, ${order}`, async (t) => {
    const stamp = 1_700_000_000_123_456n;
    const { packets, summary } = await readOctets(
      Buffer.concat([
        blocks.section(),
        blocks.interface(1, 5),
        blocks.enhanced(0, stamp, data, [], 99),
        blocks.simple(7, data.subarray(0, 5)),
        blocks.obsolete(0, 3, stamp + 1n, data),
      ]),
    );
    const common = { interface: 0, seconds: 1_700_000_000 };
    t.like(packets[0], { ...common, nanoseconds: 123_456_000, originalLength: 99, data: '00112233445566' });
    t.like(packets[1], { interface: 0, seconds: Number.NaN, originalLength: 7, data: '0011223344' });
    t.like(packets[2], { ...common, nanoseconds: 123_457_000, originalLength: 7, number: 3 });
    t.like(summary, { format: 'pcapng', packets: 3, dropped: 3, truncated: false });
    t.is(summary.firstTime, stamp * 1000n);
    t.is(summary.lastTime, (stamp + 1n) * 1000n);
  });

  test(`what an interface block tells, ${order}`, async (t) => {
    const { summary } = await readOctets(
      Buffer.concat([
        blocks.section(),
        blocks.interface(276, 65535, [
          text(IF_NAME, 'flannel.1'),
          text(IF_DESCRIPTION, 'über\0'),
          [IF_FILTER, Buffer.from('\0tcp port 80')],
        ]),
        blocks.interface(1, 0, [[IF_FILTER, Buffer.from('\x01\x06\0\0\0')]]),
      ]),
    );
    t.deepEqual(summary.interfaces, [
      {
        index: 0,
        name: 'flannel.1',
        description: 'über',
        linkType: 276,
        snapLength: 65535,
        filter: 'tcp port 80',
        dropped: null,
        received: null,
      },
      {
        index: 1,
        name: null,
        description: null,
        linkType: 1,
        snapLength: 0,
        filter: null,
        dropped: null,
        received: null,
      },
    ]);
    t.like(summary, { firstTime: null, lastTime: null, dropped: null });
  });

  test(`what statistics and packets tell of drops, ${order}`, async (t) => {
    const received = 4;
    const byInterface = 5;
    const bySystem = 7;
    const { summary } = await readOctets(
      Buffer.concat([
        blocks.section(),
        blocks.interface(1, 0),
        blocks.interface(1, 0),
        blocks.interface(1, 0),
        blocks.enhanced(1, 0n, data, [blocks.counter(4, 2n)]),
        blocks.enhanced(1, 0n, data, [[2, Buffer.alloc(4)], blocks.counter(4, 3n)]),
        blocks.statistics(0, [blocks.counter(received, 10n), blocks.counter(byInterface, 1n)]),
        blocks.statistics(0, [
          blocks.counter(received, 20n),
          blocks.counter(byInterface, 4n),
          blocks.counter(bySystem, 6n),
        ]),
        blocks.statistics(2, [
          blocks.counter(received, 5n),
          blocks.counter(byInterface, 0xffff_ffff_ffff_ffffn),
        ]),
      ]),
    );
    t.deepEqual(
      summary.interfaces.map((each) => [each.received, each.dropped]),
      [
        [20, 10],
        [null, 5],
        [5, null],
      ],
    );
    t.is(summary.dropped, 15);
  });
}

test('interfaces are counted on over sections of either byte order; their IDs start again', async (t) => {
  const { packets, summary } = await readOctets(
    Buffer.concat([
      little.section(),
      little.interface(1, 0, [text(IF_NAME, 'a')]),
      little.interface(1, 0, [text(IF_NAME, 'b')]),
      little.enhanced(1, 5n, data),
      big.section(),
      big.interface(1, 0, [text(IF_NAME, 'c')]),
      big.enhanced(0, 6n, data),
    ]),
  );
  t.deepEqual(
    packets.map((packet) => summary.interfaces[packet.interface]!.name),
    ['b', 'c'],
  );
  t.deepEqual(
    packets.map((packet) => packet.nanoseconds),
    [5000, 6000],
  );
});

test('all other blocks are skipped', async (t) => {
  const others = [4, 10, 0xbad, 0x40000bad, 0x80000001].map((type) =>
    little.block(type, Buffer.alloc(41, 0xff)),
  );
  const { packets } = await readOctets(
    Buffer.concat([
      little.section(),
      ...others,
      little.interface(1, 0),
      ...others,
      little.enhanced(0, 0n, data),
    ]),
  );
  t.is(packets.length, 1);
});

test('a section without anything is whole', async (t) => {
  const { summary } = await readOctets(little.section());
  t.like(summary, { packets: 0, truncated: false, error: null, interfaces: [] });
});

test('any 64-bit stamp of any resolution is exact', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.bigInt(0n, 2n ** 64n - 1n),
      fc.nat(255),
      fc.bigInt(-(2n ** 40n), 2n ** 40n),
      fc.boolean(),
      async (stamp, resolution, offset, littleEndian) => {
        const blocks = new Blocks(littleEndian);
        const units = (resolution & 0x80 ? 2n : 10n) ** BigInt(resolution & 0x7f);
        // What does not fit a double cannot be given exactly.
        fc.pre(stamp / units < 2n ** 52n);
        const { packets, summary } = await readOctets(
          Buffer.concat([
            blocks.section(),
            blocks.interface(1, 0, [
              [IF_TSRESOL, Buffer.of(resolution)],
              [IF_TSOFFSET, blocks.counter(0, offset)[1]],
            ]),
            blocks.enhanced(0, stamp, data),
          ]),
        );
        const nanoseconds = (stamp * 10n ** 9n) / units + offset * 10n ** 9n;
        t.is(summary.firstTime, nanoseconds);
        t.true(packets[0]!.nanoseconds >= 0 && packets[0]!.nanoseconds < 1e9);
      },
    ),
    { numRuns: 2000 },
  );
});

test('stamps beside the borders of the division are exact', async (t) => {
  const stamps = [6, 9].flatMap((exponent) =>
    [1n, 2n ** 16n, 2n ** 32n, 2n ** 32n + 1n, 1_700_000_000n].flatMap((seconds) =>
      [-1n, 0n, 1n].map((delta) => ({ exponent, stamp: seconds * 10n ** BigInt(exponent) + delta })),
    ),
  );
  for (const { exponent, stamp } of [
    ...stamps,
    { exponent: 6, stamp: 2n ** 64n - 1n },
    { exponent: 9, stamp: 2n ** 64n - 1n },
  ]) {
    const { summary } = await readOctets(
      Buffer.concat([
        little.section(),
        little.interface(1, 0, [[IF_TSRESOL, Buffer.of(exponent)]]),
        little.enhanced(0, stamp, data),
      ]),
    );
    t.is(summary.firstTime, (stamp * 10n ** 9n) / 10n ** BigInt(exponent));
  }
});

test('a simple packet is no longer than its block and the snapshot length', async (t) => {
  const read = async (snapLength: number, original: number, kept: number) => {
    const octets = [
      little.section(),
      little.interface(1, snapLength),
      little.simple(original, Buffer.alloc(kept)),
    ];
    return (await readOctets(Buffer.concat(octets))).packets[0]!.data.length / 2;
  };
  t.is(await read(0, 7, 7), 7);
  t.is(await read(6, 9, 6), 6);
  t.is(await read(0, 1500, 8), 8);
  t.is(await read(0, 0, 0), 0);
});

const start = Buffer.concat([little.section(), little.interface(1, 0), little.enhanced(0, 0n, data)]);

const damages: Record<string, [Buffer, RegExp, number?]> = {
  'two lengths that differ': [
    patched(little.enhanced(0, 0n, data), (block) => block.writeUInt32LE(44, block.length - 4)),
    /two lengths differ \(40 and 44\)/,
  ],
  'a length that is no multiple of four': [
    patched(little.enhanced(0, 0n, data), (block) => block.writeUInt32LE(41, 4)),
    /type 0x00000006 claims the impossible length 41/,
  ],
  'a length below the smallest': [
    patched(little.block(99, Buffer.alloc(8)), (block) => block.writeUInt32LE(8, 4)),
    /impossible length 8/,
  ],
  'a packet block too short for its fields': [little.block(6, Buffer.alloc(16)), /impossible length 28/],
  'a length of a gigabyte': [
    patched(little.block(99, Buffer.alloc(8)), (block) => block.writeUInt32LE(1 << 30, 4)),
    /impossible length 1073741824/,
  ],
  'an interface that was not described': [
    little.enhanced(1, 0n, data),
    /interface 1, of which the section says nothing/,
  ],
  'an interface of the section before': [
    Buffer.concat([little.section(), little.enhanced(0, 0n, data)]),
    /interface 0, of which/,
    start.length + 28,
  ],
  'a simple packet without an interface': [
    Buffer.concat([little.section(), little.simple(1, Buffer.alloc(1))]),
    /interface 0, of which/,
    start.length + 28,
  ],
  'a packet longer than its block': [
    patched(little.enhanced(0, 0n, data), (block) => block.writeUInt32LE(9, 20)),
    /packet 2 claims 9 captured octets in a block with room for 8/,
  ],
  'a section without byte-order magic': [
    patched(little.section(), (block) => block.writeUInt32LE(0, 8)),
    /no byte-order magic/,
  ],
  'a section of another version': [little.section(2), /version 2\.0/],
  'an option past the end of its interface block': [
    little.block(1, Buffer.from('0100000000000000090009000600000000000000', 'hex')),
    /option of an interface block/,
    start.length + 16,
  ],
};

for (const [name, [block, message, offset]] of Object.entries(damages)) {
  test(`damage: ${name}`, async (t) => {
    const octets = Buffer.concat([start, block, little.enhanced(0, 0n, data)]);
    const error = await t.throwsAsync(readOctets(octets), { instanceOf: InputError, message });
    t.is(error.offset, offset ?? start.length);
    const { packets, summary } = await readOctets(octets, { keepGoing: true });
    t.is(packets.length, 1);
    t.is(summary.error?.message, error.message);
  });
}

test('options of a packet that run past its block do not cost the packet', async (t) => {
  const block = patched(little.enhanced(0, 0n, data, [[2, Buffer.alloc(4)]]), (octets) =>
    octets.writeUInt16LE(400, 38),
  );
  const { packets, summary } = await readOctets(Buffer.concat([start, block]));
  t.is(packets.length, 2);
  t.is(summary.dropped, null);
});

function patched(block: Buffer, patch: (block: Buffer) => void): Buffer {
  patch(block);
  return block;
}
