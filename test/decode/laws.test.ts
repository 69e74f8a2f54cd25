import test from 'ava';
import fc from 'fast-check';
import { decodeHeaders, decodePacket } from '../../src/decode/decode.js';
import { describePacket, type PacketDescription } from '../../src/decode/describe.js';
import { canDecode } from '../../src/decode/linktypes.js';
import { Packet } from '../../src/decode/packet.js';
import { fixture } from '../support.js';
import { decode, describe } from './support/decode.js';
import { readFrames } from './support/pcap.js';
import { recordedPackets } from './support/recorded.js';
import { WRAPPINGS } from './support/wrap.js';

const RUNS = 4000;
const LINK_TYPES = [0, 1, 9, 12, 14, 50, 51, 101, 108, 113, 228, 229, 276];

const packets = recordedPackets();
const samples = [
  ...WRAPPINGS.flatMap(({ linkType, wrap }) => packets.map((packet) => ({ linkType, bytes: wrap(packet) }))),
  ...['ethernet', 'sll', 'sll2'].flatMap((name) => {
    const { linkType, frames } = readFrames(fixture('decode', `${name}.pcap`));
    return frames.map(({ bytes }) => ({ linkType, bytes }));
  }),
];

const sample = fc.constantFrom(...samples);
const noise = fc.record({
  linkType: fc.constantFrom(...LINK_TYPES),
  bytes: fc.uint8Array({ minLength: 0, maxLength: 200 }),
});
/** A few octets changed, most of them among the headers, and values that decide things among the new ones. */
const mutate = (original: typeof sample) =>
  fc
    .record({
      sample: original,
      changes: fc.array(
        fc.record({
          at: fc.oneof(fc.nat(60), fc.nat(160)),
          to: fc.oneof(
            fc.nat(255),
            fc.constantFrom(0, 1, 4, 6, 8, 41, 43, 44, 47, 0x45, 0x60, 0x81, 0x88, 0xff),
          ),
        }),
        { maxLength: 6 },
      ),
    })
    .map(({ sample: { linkType, bytes }, changes }) => {
      const copy = bytes.slice();
      for (const { at, to } of changes) if (at < copy.length) copy[at] = to;
      return { linkType, bytes: copy };
    });
const anything = fc.oneof(noise, mutate(sample), sample);
const plain = samples.filter(({ linkType, bytes }) => decode(linkType, bytes).plainLinkType >= 0);
const nearlyPlain = fc.oneof(anything, mutate(fc.constantFrom(...plain)));

test('every link type of the list is decoded, others are not', (t) => {
  t.deepEqual(
    Array.from({ length: 600 }, (_, i) => i - 20).filter((linkType) => canDecode(linkType)),
    LINK_TYPES,
  );
  t.is(describe(147, new Uint8Array(100)).outcome, 'unknownLinkType');
  t.is(describe(70_000, new Uint8Array(100)).outcome, 'unknownLinkType');
});

test('nothing outside the captured octets has a say, and the object holds nothing from before', (t) => {
  const used = new Packet();
  fc.assert(
    fc.property(
      anything,
      fc.nat(30),
      fc.nat(60),
      fc.nat(255),
      ({ linkType, bytes }, before, after, filler) => {
        const buffer = new Uint8Array(before + bytes.length + after).fill(filler);
        buffer.set(bytes, before);
        decodePacket(linkType, buffer, new DataView(buffer.buffer), before, bytes.length, used);
        t.deepEqual(describePacket(used), describe(linkType, bytes));
      },
    ),
    { numRuns: RUNS },
  );
});

test('plain TCP, which is decoded in one go, has the fields that the decoders of its protocols give', (t) => {
  const used = new Packet();
  let met = 0;
  fc.assert(
    fc.property(nearlyPlain, fc.oneof(fc.constant(0), fc.nat(60)), ({ linkType, bytes }, missing) => {
      const view = new DataView(bytes.buffer);
      const length = Math.max(0, bytes.length - missing);
      decodePacket(linkType, bytes, view, 0, length, used);
      if (used.plainLinkType >= 0) met++;
      const fresh = new Packet();
      Object.assign(fresh, { bytes, view, end: length });
      decodeHeaders(linkType, 0, fresh);
      t.deepEqual(fieldsOf(used), fieldsOf(fresh));
    }),
    { numRuns: RUNS },
  );
  t.true(met > RUNS / 20, `${met} were plain`);
});

/** All but the buffers, what lies in tunnels that were not entered, and the note of who decoded it. */
function fieldsOf({ bytes, view, tunnels, plainLinkType, quoted, ...fields }: Packet) {
  return {
    ...fields,
    quoted: quoted && describePacket(quoted),
    tunnels: tunnels.slice(0, fields.tunnelDepth),
  };
}

test('a captured length past the end of the buffer is no more than the buffer', (t) => {
  fc.assert(
    fc.property(anything, fc.integer({ min: 1, max: 100 }), ({ linkType, bytes }, beyond) => {
      const packet = new Packet();
      decodePacket(linkType, bytes, new DataView(bytes.buffer), 0, bytes.length + beyond, packet);
      t.deepEqual(describePacket(packet), describe(linkType, bytes));
    }),
    { numRuns: RUNS },
  );
});

test('a prefix of a packet has no other values than the whole, only fewer', (t) => {
  fc.assert(
    fc.property(anything, fc.nat(200), ({ linkType, bytes }, length) => {
      const part = describe(linkType, bytes.slice(0, length));
      const whole = describe(linkType, bytes);
      t.deepEqual(disagreements(part, whole), [], JSON.stringify({ part, whole }));
    }),
    { numRuns: RUNS },
  );
});

/** Lengths that only say what was captured (segmentation offload) differ in a prefix by their nature. */
const BY_CAPTURE = ['outcome', 'ipPayloadLength', 'payloadLength'];

function disagreements(part: PacketDescription, whole: PacketDescription): string[] {
  const { tunnels = [], quoted, ...fields } = part;
  const depth = tunnels.length;
  const outer = whole.tunnels ?? [];
  const wrong = tunnels.some((tunnel, i) => JSON.stringify(tunnel) !== JSON.stringify(outer[i]))
    ? ['tunnels']
    : [];
  if (depth > outer.length) return ['deeper'];
  if (depth < outer.length) {
    // What is the packet in the prefix carries a tunnel in the whole.
    const carrier = outer[depth]!;
    const { source, destination, sourcePort, destinationPort } = fields;
    for (const [name, value] of Object.entries({ source, destination, sourcePort, destinationPort })) {
      if (value !== undefined && value !== carrier[name as keyof typeof carrier]) wrong.push(name);
    }
    return wrong;
  }
  // The link-layer address is an option after the rest.
  if (fields.ndp?.linkAddress === null && whole.ndp)
    fields.ndp = { ...fields.ndp, linkAddress: whole.ndp.linkAddress };
  for (const [name, value] of Object.entries(fields)) {
    const expected = whole[name as keyof PacketDescription];
    if (!BY_CAPTURE.includes(name) && JSON.stringify(value) !== JSON.stringify(expected)) wrong.push(name);
  }
  if (quoted)
    wrong.push(
      ...(whole.quoted ? disagreements(quoted, whole.quoted) : ['quoted']).map((at) => `quoted ${at}`),
    );
  return wrong;
}
