/** What a node behind the one of a generated capture saw of the same packets. */
import { readFileSync, writeFileSync } from 'node:fs';

export interface SecondNode {
  /** The first two octets that NAT gives IPv4 servers; absent: there is none. */
  nat?: readonly [number, number];
  /** Its clock is ahead by so much at first, µs; */
  offset: number;
  /** and gains so much. */
  driftPpm: number;
  /** Of a packet by its number, from 0: whether it was lost between the nodes. */
  isLost?: (packet: number) => boolean;
}

const HEADER = 24;
const RECORD = 16;
const ETHERNET = 14;
/** Packets take this long between the nodes, µs; and up to as much again. */
const DELAY = 40;

/** Rewrites an Ethernet pcap of `generate`: requests have gone a hop further, replies one less. */
export function writeSecondNode(from: string, to: string, node: SecondNode): void {
  const octets = readFileSync(from);
  const kept = [octets.subarray(0, HEADER)];
  const start = timeAt(octets, HEADER);
  let number = 0;
  for (let at = HEADER; at < octets.length; number++) {
    const end = at + RECORD + octets.readUInt32LE(at + 8);
    const frame = octets.subarray(at + RECORD, end);
    // The MAC that the generator gives the server's side.
    const isRequest = frame[3] === 2;
    const delay = DELAY + ((Math.imul(number, 0x9e3779b1) >>> 0) % DELAY);
    const time = timeAt(octets, at) + (isRequest ? delay : -delay);
    const seen = Math.round(time + node.offset + (time - start) * node.driftPpm * 1e-6);
    octets.writeUInt32LE(Math.floor(seen / 1e6), at);
    octets.writeUInt32LE(seen % 1e6, at + 4);
    frame[4]! += 1;
    frame[10]! += 1;
    forward(frame, isRequest, node);
    if (!node.isLost?.(number)) kept.push(octets.subarray(at, end));
    at = end;
  }
  writeFileSync(to, Buffer.concat(kept));
}

function forward(frame: Uint8Array, isRequest: boolean, { nat }: SecondNode): void {
  const isIPv6 = frame[12] === 0x86;
  frame[ETHERNET + (isIPv6 ? 7 : 8)]! += isRequest ? -1 : 1;
  if (nat && !isIPv6) frame.set(nat, ETHERNET + (isRequest ? 16 : 12));
}

function timeAt(octets: Buffer, at: number): number {
  return octets.readUInt32LE(at) * 1e6 + octets.readUInt32LE(at + 4);
}
