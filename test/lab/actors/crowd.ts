/**
 * Sends what a switch floods to everyone: TCP connections between strangers, each of a SYN, a SYN-ACK and an ACK, to a
 * MAC that nobody has. Arguments: interface, how many connections. Ends when they are sent.
 */
import { createRequire } from 'node:module';

/** What the lab uses of the npm package `cap`, which brings no types. */
interface Cap {
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  send(frame: Buffer, length: number): void;
  close(): void;
}

const { Cap } = createRequire(import.meta.url)('cap') as { Cap: new () => Cap };
const [device, count] = process.argv.slice(2) as [string, string];

/** Frames sent between two turns of the event loop, so that receivers keep up. */
const BURST = 300;

const SYN = 0x02;
const ACK = 0x10;
const FRAME_LENGTH = 54;

const frame = Buffer.alloc(FRAME_LENGTH);
frame.set([0x02, 0xff, 0xff, 0, 0, 1, 0x02, 0xff, 0xff, 0, 0, 2, 0x08, 0x00]);
frame.set([0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6], 14);
frame.writeUInt16BE(0x5000, 46);
frame.writeUInt16BE(64240, 48);

/** One segment of the connection `n`; RFC 1918 space holds a client for each. */
function segment(
  n: number,
  fromClient: boolean,
  flags: number,
  sequence: number,
  acknowledged: number,
): void {
  const client = 0x0ac80000 + (n >>> 2);
  const server = 0xac1e0001 + (n % 13);
  const clientPort = 32768 + (n & 3) * 4096 + (n % 4096);
  frame.writeUInt16BE(n & 0xffff, 18);
  frame.writeUInt32BE(fromClient ? client : server, 26);
  frame.writeUInt32BE(fromClient ? server : client, 30);
  frame.writeUInt16BE(fromClient ? clientPort : 443, 34);
  frame.writeUInt16BE(fromClient ? 443 : clientPort, 36);
  frame.writeUInt32BE(sequence, 38);
  frame.writeUInt32BE(acknowledged, 42);
  frame.writeUInt16BE(0x5000 | flags, 46);
  // Where br_netfilter is loaded, a switch drops packets whose header does not add up.
  frame.writeUInt16BE(0, 24);
  frame.writeUInt16BE(headerChecksum(), 24);
  cap.send(frame, FRAME_LENGTH);
}

/** RFC 791: over the ten words of the IPv4 header. */
function headerChecksum(): number {
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += frame.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

const cap = new Cap();
cap.open(device, 'ether proto 0x88b5', 1 << 16, Buffer.alloc(65535));
for (let n = 0; n < Number(count); n++) {
  segment(n, true, SYN, n, 0);
  segment(n, false, SYN | ACK, 2 * n, n + 1);
  segment(n, true, ACK, n + 1, 2 * n + 1);
  if (n % (BURST / 3) === 0) await new Promise((resolve) => setImmediate(resolve));
}
cap.close();
