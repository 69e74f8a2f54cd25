import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileChunks } from '../../../src/ingest/capture/source.js';
import { testWith } from '../../gates.js';
import { scratch } from '../../scratch.js';
import { fixture } from '../../support.js';
import { type Packet, readPackets } from './support.js';

const test = testWith('tshark', 'tcpdump', 'capinfos');

const directory = scratch();

const recorded = [
  'ethernet.pcap',
  'ethernet-nano.pcap',
  'snapped.pcap',
  'cooked.pcap',
  'cooked2-nano.pcap',
  'dumpcap.pcapng',
  'editcap.pcapng',
  'editcap-nano.pcapng',
  'mergecap.pcapng',
  'ethernet.pcap.gz',
  'dumpcap.pcapng.zst',
];

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

function time(packet: Packet): string {
  return `${packet.seconds}.${String(packet.nanoseconds).padStart(9, '0')}`;
}

/** As `tshark -T fields -e frame.time_epoch -e frame.cap_len -e frame.len -e frame.interface_id`. */
async function readAsTshark(path: string): Promise<string[]> {
  const { packets } = await readPackets(fileChunks(path));
  return packets.map((packet) =>
    [time(packet), packet.data.length / 2, packet.originalLength, packet.interface].join('\t'),
  );
}

function askTshark(path: string): string[] {
  const fields = ['frame.time_epoch', 'frame.cap_len', 'frame.len', 'frame.interface_id'];
  const output = run('tshark', '-r', path, '-T', 'fields', ...fields.flatMap((field) => ['-e', field]));
  return output
    .split('\n')
    .slice(0, -1)
    .map((line) => (line.endsWith('\t') ? `${line}0` : line));
}

/** Time and octets of each packet by `tcpdump -xx`. */
function askTcpdump(path: string): string[] {
  const packets: string[] = [];
  for (const line of run('tcpdump', '-r', path, '-n', '-t', '-t', '-xx', '--nano').split('\n')) {
    const hex = /^\t0x[0-9a-f]+: {2}([0-9a-f ]+)$/.exec(line)?.[1];
    if (hex) packets.push(packets.pop() + hex.replaceAll(' ', ''));
    else if (/^\d+\.\d+ /.test(line)) packets.push(`${line.split(' ')[0]} `);
  }
  return packets;
}

for (const name of recorded) {
  test(`${name}: times, lengths and interfaces as tshark's`, async (t) => {
    const expected = askTshark(fixture('captures', name));
    t.true(expected.length >= 38);
    t.deepEqual(await readAsTshark(fixture('captures', name)), expected);
  });
}

for (const name of ['ethernet.pcap', 'ethernet-nano.pcap', 'editcap-nano.pcapng']) {
  test(`${name}: times and octets as tcpdump's`, async (t) => {
    const { packets } = await readPackets(fileChunks(fixture('captures', name)));
    t.deepEqual(
      packets.map((packet) => `${time(packet)} ${packet.data}`),
      askTcpdump(fixture('captures', name)),
    );
  });
}

for (const name of ['ethernet.pcap', 'cooked2-nano.pcap']) {
  test(`${name} in the other byte order: as tshark and tcpdump read it`, async (t) => {
    const path = join(directory, `swapped-${name}`);
    writeFileSync(path, swapByteOrder(readFileSync(fixture('captures', name))));
    const swapped = await readPackets(fileChunks(path));
    t.deepEqual(await readAsTshark(path), askTshark(path));
    t.deepEqual(swapped.packets, (await readPackets(fileChunks(fixture('captures', name)))).packets);
    t.is(askTcpdump(path).length, swapped.packets.length);
  });
}

test('interface names as tshark tells them', async (t) => {
  const path = fixture('captures', 'dumpcap.pcapng');
  const names: (string | null)[] = [];
  const { packets, summary } = await readPackets(fileChunks(path));
  for (const packet of packets) names.push(summary.interfaces[packet.interface]!.name);
  t.deepEqual(
    names,
    run('tshark', '-r', path, '-T', 'fields', '-e', 'frame.interface_name').trimEnd().split('\n'),
  );
  t.is(new Set(names).size, 2);
});

test('dumpcap: filter, statistics and the rest of the summary', async (t) => {
  const path = fixture('captures', 'dumpcap.pcapng');
  const { packets, summary } = await readPackets(fileChunks(path));
  t.like(summary, { format: 'pcapng', truncated: false, error: null, dropped: 0, packets: packets.length });
  t.is(summary.bytes, readFileSync(path).length);
  t.like(summary.interfaces[0], { index: 0, name: 'eth0', linkType: 1, filter: 'tcp or arp', dropped: 0 });
  t.like(summary.interfaces[1], { index: 1, name: 'eth1', linkType: 1, filter: null, dropped: 0 });
  t.true(summary.interfaces[0]!.received! > 0);
});

test('mergecap: an interface block for each file, with its link type', async (t) => {
  const { summary } = await readPackets(fileChunks(fixture('captures', 'mergecap.pcapng')));
  t.deepEqual(
    summary.interfaces.map((each) => each.linkType),
    [1, 113, 1, 1],
  );
});

test('first and last time as capinfos tells them', async (t) => {
  for (const name of recorded) {
    const path = fixture('captures', name);
    const table = run('capinfos', '-T', '-r', '-S', '-a', '-e', path).trimEnd().split('\t').slice(1);
    const { summary } = await readPackets(fileChunks(path));
    const text = (nanoseconds: bigint) =>
      `${nanoseconds / 10n ** 9n}.${String(nanoseconds % 10n ** 9n).padStart(9, '0')}`;
    t.deepEqual(
      [text(summary.firstTime!), text(summary.lastTime!)],
      table.map((stamp) => stamp.padEnd(20, '0')),
      name,
    );
  }
});

/** A classic pcap with all its headers in the other byte order. */
function swapByteOrder(octets: Buffer): Buffer {
  const swapped = Buffer.from(octets);
  const swap = (offset: number, length: number) => swapped.subarray(offset, offset + length).reverse();
  for (const offset of [0, 8, 12, 16, 20]) swap(offset, 4);
  for (const offset of [4, 6]) swap(offset, 2);
  for (let position = 24; position < octets.length; position += 16 + octets.readUInt32LE(position + 8)) {
    for (const offset of [0, 4, 8, 12]) swap(position + offset, 4);
  }
  return swapped;
}
