/**
 * What is in a capture, counted as plainly as can be: every packet one after the other, every connection an object in
 * a Map. It shares no code with what it is held against, reads generated captures only (one interface, TCP over IPv4
 * or IPv6, nothing cut off), and takes its outcomes from the definitions of the result's `outcome`.
 */
import { closeSync, openSync, readSync } from 'node:fs';

export interface Counts {
  packets: number;
  connections: number;
  /** By outcome; those that none had are left out. */
  outcomes: Record<string, number>;
}

const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];
const LINKTYPE_ETHERNET = 1;
const LINKTYPE_LINUX_SLL2 = 276;
const ETHERTYPE_IPV4 = 0x0800;

/** @param server counts connections to this IPv4 address only; packets are always all */
export function countCapture(path: string, server?: string): Counts {
  const byTuple = new Map<string, Connection[]>();
  let packets = 0;
  for (const segment of readSegments(path)) {
    packets++;
    observe(byTuple, segment);
  }
  const outcomes: Record<string, number> = {};
  let connections = 0;
  for (const connection of [...byTuple.values()].flat()) {
    if (server !== undefined && connection.server !== hexOf(server)) continue;
    connections++;
    const outcome = outcomeOf(connection);
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  }
  return { packets, connections, outcomes };
}

interface Segment {
  /** Addresses in hexadecimal. */
  source: string;
  destination: string;
  sourcePort: number;
  destinationPort: number;
  sequence: number;
  acknowledgment: number;
  flags: number;
}

/** One connection; a port that is used again makes another. */
interface Connection {
  client: string;
  clientPort: number;
  server: string;
  /** Initial sequence number of the client; null where the connection was not seen to begin. */
  initial: number | null;
  syns: number;
  synsAfterReply: number;
  synAcks: number;
  /** Next number of the client, as the SYN-ACKs acknowledged it. */
  acknowledged: Set<number>;
  /** The client's ACK or data. */
  clientSpoke: boolean;
  clientReset: Set<number>;
  serverReset: boolean;
}

function observe(byTuple: Map<string, Connection[]>, segment: Segment): void {
  const { source, destination, sourcePort, destinationPort, sequence, acknowledgment, flags } = segment;
  const [one, other] = [`${source} ${sourcePort}`, `${destination} ${destinationPort}`];
  const tuple = one < other ? `${one} ${other}` : `${other} ${one}`;
  let instances = byTuple.get(tuple);
  if (!instances) {
    instances = [];
    byTuple.set(tuple, instances);
  }
  if ((flags & SYN) === 0) {
    const newest = instances.at(-1);
    if (newest) observeSegment(newest, segment);
    else {
      // The server's port is the lower one.
      const begun = open(segment, sourcePort > destinationPort, null);
      instances.push(begun);
      observeSegment(begun, segment);
    }
    return;
  }
  const isReply = (flags & ACK) !== 0;
  const initial = isReply ? (acknowledgment - 1) >>> 0 : sequence;
  const client = isReply ? destination : source;
  let connection = instances.find((c) => c.client === client && c.initial === initial);
  if (!connection) {
    connection = open(segment, !isReply, initial);
    instances.push(connection);
  }
  if (isReply) {
    connection.synAcks++;
    connection.acknowledged.add(acknowledgment);
  } else {
    connection.syns++;
    if (connection.synAcks > 0) connection.synsAfterReply++;
  }
}

function open(segment: Segment, fromClient: boolean, initial: number | null): Connection {
  return {
    client: fromClient ? segment.source : segment.destination,
    clientPort: fromClient ? segment.sourcePort : segment.destinationPort,
    server: fromClient ? segment.destination : segment.source,
    initial,
    syns: 0,
    synsAfterReply: 0,
    synAcks: 0,
    acknowledged: new Set(),
    clientSpoke: false,
    clientReset: new Set(),
    serverReset: false,
  };
}

/** What is no SYN is of the newest connection of its ports. */
function observeSegment(connection: Connection, { source, sourcePort, sequence, flags }: Segment): void {
  const fromClient = source === connection.client && sourcePort === connection.clientPort;
  if ((flags & RST) !== 0) {
    if (fromClient) connection.clientReset.add(sequence);
    else connection.serverReset = true;
  } else if ((flags & (ACK | FIN)) !== 0 && fromClient) {
    connection.clientSpoke = true;
  }
}

function outcomeOf(connection: Connection): string {
  const { syns, synsAfterReply, synAcks, acknowledged, clientSpoke, clientReset, serverReset } = connection;
  if (syns === 0 && synAcks === 0) return 'midstream';
  if (syns === 0) return 'reply-only';
  if (synAcks === 0) {
    if (clientSpoke) return 'reply-unseen';
    return serverReset ? 'refused' : 'no-reply';
  }
  if (clientSpoke) return 'established';
  if ([...clientReset].some((sequence) => acknowledged.has(sequence))) return 'rejected';
  return synAcks > 1 || synsAfterReply > 0 ? 'reply-lost' : 'unacknowledged';
}

const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const CHUNK = 1 << 24;

function* readSegments(path: string): Generator<Segment> {
  const file = openSync(path, 'r');
  try {
    const header = Buffer.alloc(FILE_HEADER);
    readSync(file, header, 0, FILE_HEADER, 0);
    const linkType = header.readUInt32LE(20);
    if (linkType !== LINKTYPE_ETHERNET && linkType !== LINKTYPE_LINUX_SLL2) {
      throw new Error(`${path}: link type ${linkType} is not one of those that are generated`);
    }
    const buffer = Buffer.alloc(CHUNK);
    let position = FILE_HEADER;
    while (true) {
      const length = readSync(file, buffer, 0, CHUNK, position);
      if (length === 0) return;
      let at = 0;
      while (at + RECORD_HEADER <= length) {
        const end = at + RECORD_HEADER + buffer.readUInt32LE(at + 8);
        if (end > length) break;
        yield readSegment(buffer, at + RECORD_HEADER, linkType);
        at = end;
      }
      if (at === 0) throw new Error(`${path}: ends within a packet`);
      position += at;
    }
  } finally {
    closeSync(file);
  }
}

function readSegment(b: Buffer, at: number, linkType: number): Segment {
  const isEthernet = linkType === LINKTYPE_ETHERNET;
  const isIPv4 = b.readUInt16BE(isEthernet ? at + 12 : at) === ETHERTYPE_IPV4;
  const ip = at + (isEthernet ? 14 : 20);
  const addresses = ip + (isIPv4 ? 12 : 8);
  const size = isIPv4 ? 4 : 16;
  const tcp = ip + (isIPv4 ? 20 : 40);
  return {
    source: b.toString('hex', addresses, addresses + size),
    destination: b.toString('hex', addresses + size, addresses + 2 * size),
    sourcePort: b.readUInt16BE(tcp),
    destinationPort: b.readUInt16BE(tcp + 2),
    sequence: b.readUInt32BE(tcp + 4),
    acknowledgment: b.readUInt32BE(tcp + 8),
    flags: b[tcp + 13]!,
  };
}

/** The form that addresses of packets have here. */
function hexOf(address: string): string {
  return Buffer.from(address.split('.').map(Number)).toString('hex');
}
