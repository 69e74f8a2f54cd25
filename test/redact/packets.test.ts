/** Packets with other addresses: all that is decoded is as before but for these, and checksums are as right. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { formatMac, parseMac } from '../../src/model/address.js';
import { Addresses } from '../../src/redact/addresses.js';
import { redactPacket } from '../../src/redact/packet.js';
import { Pseudorandom } from '../../src/redact/pseudorandom.js';
import { describe } from '../decode/support/decode.js';
import { type Frame, pcapFile, readFrames, whole } from '../decode/support/pcap.js';
import { recordedPackets } from '../decode/support/recorded.js';
import { concat, ethernet, ipv4, u16, udp, WRAPPINGS } from '../decode/support/wrap.js';
import { testWith } from '../gates.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';

const test = testWith();
const testWithTshark = testWith('tshark');

const addresses = new Addresses(new Pseudorandom(Buffer.from('a key for the tests')));

/** What `describe` tells, with every address replaced. */
function replaced(value: unknown): unknown {
  if (typeof value === 'string') {
    const mac = parseMac(value);
    if (mac) return formatMac(addresses.mac(mac));
    return /[.:]/.test(value) ? (addresses.address(value) ?? value) : value;
  }
  if (Array.isArray(value)) return value.map(replaced);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item)]));
}

function assertRedacted(t: ExecutionContext, linkType: number, octets: Uint8Array, name: string): void {
  const before = Uint8Array.from(octets);
  const redacted = redactPacket(linkType, octets, addresses);
  t.deepEqual(octets, before, 'the packet itself stays');
  t.true(redacted.length <= octets.length);
  const { outcome, ...told } = describe(linkType, redacted);
  const { outcome: asItWas, ...expected } = describe(linkType, octets);
  t.deepEqual(told, replaced(expected) as typeof told, name);
  // A tunnel that is not entered is not told from payload.
  t.is(outcome, asItWas === 'tooDeep' ? 'snapped' : asItWas, name);
}

for (const name of ['ethernet', 'ethernet-snapped', 'sll', 'sll2', 'sll2-snapped']) {
  test(`${name}: each recorded packet, told alike`, (t) => {
    const { linkType, frames } = readFrames(fixture('decode', `${name}.pcap`));
    for (const [i, { bytes }] of frames.entries()) assertRedacted(t, linkType, bytes, `packet ${i + 1}`);
  });
}

test('in tunnels, tags and other link types', (t) => {
  for (const { name, linkType, wrap } of WRAPPINGS) {
    for (const packet of recordedPackets()) assertRedacted(t, linkType, wrap(packet), name);
  }
});

/** Of what has no checksum, or where not all of it is there, nothing is told. */
const STATUS = ['ip', 'tcp', 'udp', 'icmp', 'icmpv6'].map((protocol) => `${protocol}.checksum.status`);

function statuses(path: string): string[] {
  const checked = ['ip', 'tcp', 'udp'].flatMap((protocol) => ['-o', `${protocol}.check_checksum:TRUE`]);
  const args = ['-r', path, ...checked, '-T', 'fields', ...STATUS.flatMap((field) => ['-e', field])];
  return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n');
}

testWithTshark('checksums are right where they were, and wrong where they were, by tshark', (t) => {
  const directory = scratch(t);
  for (const name of ['ethernet', 'sll', 'sll2']) {
    const { linkType, frames } = readFrames(fixture('decode', `${name}.pcap`));
    const kept: [Frame, Frame][] = frames
      .map(({ bytes }): [Uint8Array, Uint8Array] => [bytes, redactPacket(linkType, bytes, addresses)])
      // What is cut off is needed for the sum.
      .filter(([bytes, redacted]) => redacted.length === bytes.length)
      .map(([bytes, redacted]) => [whole(bytes), whole(redacted)]);
    t.true(kept.length > 20, `${kept.length} packets without more than headers`);
    const [before, after] = [0, 1].map((side) => {
      const path = join(directory, `${name}-${side}.pcap`);
      writeFileSync(
        path,
        pcapFile(
          linkType,
          kept.map((pair) => pair[side]!),
        ),
      );
      return statuses(path);
    });
    t.deepEqual(after, before);
  }
});

testWithTshark('what is cut off counts as it was: with it, the sum is right', (t) => {
  const { linkType, frames } = readFrames(fixture('decode', 'ethernet.pcap'));
  const directory = scratch(t);
  const cut = frames.flatMap(({ bytes }) => {
    const redacted = redactPacket(linkType, bytes, addresses);
    const { quoted, tunnels } = describe(linkType, bytes);
    const isPlain = quoted === undefined && tunnels === undefined;
    return isPlain && redacted.length < bytes.length
      ? [[bytes, concat(redacted, bytes.subarray(redacted.length))]]
      : [];
  });
  t.true(cut.length > 5);
  const [before, after] = [0, 1].map((side) => {
    const path = join(directory, `${side}.pcap`);
    writeFileSync(
      path,
      pcapFile(
        linkType,
        cut.map((pair) => whole(pair[side]!)),
      ),
    );
    return statuses(path).map((line) => line.split('\t').slice(0, 3).join());
  });
  t.deepEqual(after, before);
});

test('payload goes: a name that is asked for, and data', (t) => {
  const question = Buffer.from('\x06secret\x07example\x03org\x00', 'latin1');
  const frame = ethernet(0x0800, ipv4(17, udp(53, question)));
  const redacted = redactPacket(1, frame, addresses);
  t.is(redacted.length, 42);
  t.false(Buffer.from(redacted).includes('secret'));
});

test('what is not known goes: of another EtherType, link type, or ARP for other addresses', (t) => {
  t.is(redactPacket(1, ethernet(0x88cc, Buffer.from('a switch called secret')), addresses).length, 14);
  t.is(
    redactPacket(
      1,
      ethernet(0x0806, concat(u16(6), u16(0x0800), [6, 4], u16(1), new Uint8Array(20))),
      addresses,
    ).length,
    14,
  );
  t.is(redactPacket(147, Buffer.from('anything'), addresses).length, 0);
});

test('addresses in options go: record route, multipath TCP', (t) => {
  const route = [7, 7, 4, 10, 9, 8, 7, 0];
  const tcp = concat(
    u16(1),
    u16(2),
    new Uint8Array(8),
    [0x70, 0x10, 0, 0, 0, 0, 0, 0],
    [30, 8, 0x30, 1, 10, 9, 8, 7],
  );
  const redacted = Buffer.from(redactPacket(1, ethernet(0x0800, ipv4(6, tcp, route)), addresses));
  t.false(redacted.includes(Buffer.of(10, 9, 8, 7)));
  t.is(redacted.length, 14 + 28 + 28);
});
