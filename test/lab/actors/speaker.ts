/**
 * Answers ARP for an address that nobody has bound, and announces it, as MetalLB's layer 2 speaker does.
 * Arguments: interface, address, MAC, and how often it announces (ms) and how many times. Runs inside a node's
 * namespace until it is stopped.
 */
import { createRequire } from 'node:module';
import { formatIPv4, formatMac } from '../../../src/model/address.js';
import { announcements, decodeArp, REQUEST, replyTo } from '../arp.js';

/** What the lab uses of the npm package `cap`, which brings no types. */
interface Cap {
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  send(frame: Buffer, length: number): void;
  on(event: 'packet', listener: (length: number, truncated: boolean) => void): void;
}

const { Cap } = createRequire(import.meta.url)('cap') as { Cap: new () => Cap };
const [device, address, mac, everyMs = '1100', times = '5'] = process.argv.slice(2) as [
  ...[string, string, string],
  string?,
  string?,
];

const frame = Buffer.alloc(65535);
const cap = new Cap();
cap.open(device, 'arp', 1 << 20, frame);

const send = (bytes: Uint8Array) => cap.send(Buffer.from(bytes), bytes.length);

cap.on('packet', (length) => {
  const arp = decodeArp(frame.subarray(0, length));
  // The capture shows this speaker's own announcements too, which are requests for the same address.
  if (arp?.operation !== REQUEST || formatMac(arp.senderMac) === mac) return;
  if (formatIPv4(arp.targetAddress) === address) send(replyTo(arp, address, mac));
});

let left = Number(times);
const announce = () => {
  for (const bytes of announcements(address, mac)) send(bytes);
  if (--left > 0) setTimeout(announce, Number(everyMs));
};
announce();
process.stdout.write('ready\n');
