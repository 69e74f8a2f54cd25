/** Cooked (LINUX_SLL2) captures of UDP and ICMP over IPv4, packet by packet, for what no recording happens to show. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { scratch } from '../scratch.js';

const LINUX_SLL2 = 276;
const [UDP, ICMP] = [17, 1];

export interface Cooked {
  /** Seconds. */
  at: number;
  /** ifindex. */
  on: number;
  way: 'in' | 'out' | 'broadcast';
  from: string;
  to: string;
  ttl?: number;
  identification?: number;
  /** In units of eight octets. */
  fragmentOffset?: number;
  protocol: typeof UDP | typeof ICMP;
  data: Buffer;
}

export type Place = Pick<Cooked, 'at' | 'on' | 'way'> & Partial<Cooked>;

const split = (end: string): [string, number] => [end.split(':')[0]!, Number(end.split(':')[1])];

/** @param from `ADDRESS:PORT` */
export function udp(place: Place, from: string, to: string, payload: string | Buffer): Cooked {
  const [[source, sourcePort], [destination, destinationPort]] = [split(from), split(to)];
  const body = Buffer.from(payload);
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt16BE(8 + body.length, 4);
  return { ...place, from: source, to: destination, protocol: UDP, data: Buffer.concat([header, body]) };
}

export function echo(
  place: Place,
  type: 'request' | 'reply',
  from: string,
  to: string,
  identifier: number,
  sequence: number,
  payload = 'abcdefgh12345678',
): Cooked {
  const header = Buffer.alloc(8);
  header[0] = type === 'request' ? 8 : 0;
  header.writeUInt16BE(identifier, 4);
  header.writeUInt16BE(sequence, 6);
  return { ...place, from, to, protocol: ICMP, data: Buffer.concat([header, Buffer.from(payload)]) };
}

/** @param about the packet that the error quotes, as it was where the error was made */
export function icmpError(
  place: Place,
  from: string,
  to: string,
  [type, code]: readonly [number, number],
  about: Cooked,
): Cooked {
  const header = Buffer.from([type, code, 0, 0, 0, 0, 0, 0]);
  return { ...place, from, to, protocol: ICMP, data: Buffer.concat([header, ipPacket(about)]) };
}

function ipPacket({ from, to, ttl, identification, fragmentOffset, protocol, data }: Cooked): Buffer {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + data.length, 2);
  header.writeUInt16BE(identification ?? 0, 4);
  header.writeUInt16BE(fragmentOffset ?? 0, 6);
  header[8] = ttl ?? 64;
  header[9] = protocol;
  for (const [at, address] of [
    [12, from],
    [16, to],
  ] as const) {
    for (const [i, octet] of address.split('.').entries()) header[at + i] = Number(octet);
  }
  return Buffer.concat([header, data]);
}

export function capture(packets: readonly Cooked[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(LINUX_SLL2, 20);
  const records = packets.flatMap((packet) => {
    const ip = ipPacket(packet);
    const record = Buffer.alloc(36);
    const microseconds = Math.round(packet.at * 1e6);
    record.writeUInt32LE(1_700_000_000 + Math.floor(microseconds / 1e6), 0);
    record.writeUInt32LE(microseconds % 1e6, 4);
    record.writeUInt32LE(20 + ip.length, 8);
    record.writeUInt32LE(20 + ip.length, 12);
    record.writeUInt16BE(0x0800, 16);
    record.writeUInt32BE(packet.on, 20);
    record.writeUInt16BE(1, 24);
    record[26] = { in: 0, broadcast: 1, out: 4 }[packet.way];
    record[27] = 6;
    return [record, ip];
  });
  return Buffer.concat([header, ...records]);
}

const LINKS = ['lo', 'eth0', 'eth1', 'cni0'].map((name, i) => ({
  ifindex: i + 1,
  ifname: name,
  flags: name === 'lo' ? ['LOOPBACK', 'UP'] : ['BROADCAST', 'UP', 'LOWER_UP'],
  mtu: 1500,
  operstate: 'UP',
  link_type: name === 'lo' ? 'loopback' : 'ether',
  address: `02:00:00:00:00:0${i}`,
}));

/** What comes of one node's capture; its interfaces 2 to 4 are eth0, eth1 and cni0. */
export async function analyzeCooked(
  t: ExecutionContext,
  packets: readonly Cooked[],
  vips: string[] = [],
): Promise<Analysis> {
  return analyzeNodes(t, [{ packets }], vips);
}

/** The same of several nodes, `node1` and so on. */
export async function analyzeNodes(
  t: ExecutionContext,
  nodes: readonly { packets: readonly Cooked[]; address?: string; files?: Record<string, unknown> }[],
  vips: string[] = [],
): Promise<Analysis> {
  const root = scratch(t);
  const inputs: string[] = [];
  for (const [i, { packets, address, files = {} }] of nodes.entries()) {
    const directory = join(root, `node${i + 1}`);
    inputs.push(directory);
    await mkdir(directory);
    await writeFile(join(directory, 'any.pcap'), capture(packets));
    await writeFile(
      join(directory, 'node.json'),
      JSON.stringify({ format: 'returnpath-bundle/1', node: `node${i + 1}` }),
    );
    await writeFile(join(directory, 'ip-link.json'), JSON.stringify(LINKS));
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(directory, name), JSON.stringify(content));
    }
    if (!address) continue;
    const own = { family: 'inet', local: address, prefixlen: 24, scope: 'global' };
    const addresses = [{ ifindex: 2, ifname: 'eth0', addr_info: [own] }];
    await writeFile(join(directory, 'ip-addr.json'), JSON.stringify(addresses));
  }
  return analyze(inputs, { vips, keepGoing: false, attempts: 'all', warn: () => {} });
}
