/**
 * Sends small TCP packets at a steady rate, to a MAC that nobody has: `node flood.js INTERFACE RATE SECONDS`. Prints how
 * many seconds it took; how many packets there were is the interface's to say.
 */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

/** What is used of the npm package `cap`, which brings no types. */
interface Cap {
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  send(frame: Buffer, length: number): void;
}

const { Cap } = createRequire(import.meta.url)('cap') as { Cap: new () => Cap };
const [device, rate, seconds] = process.argv.slice(2) as [string, string, string];

const FRAME_LENGTH = 60;
/** More at once is no steady rate. */
const BURST = 500;

const frame = Buffer.alloc(FRAME_LENGTH);
frame.set([0x02, 0xff, 0xff, 0, 0, 1, 0x02, 0xff, 0xff, 0, 0, 2, 0x08, 0x00]);
frame.set([0x45, 0, 0, 40, 0, 0, 0x40, 0, 64, 6], 14);
frame.set([10, 9, 0, 1, 10, 9, 0, 2], 26);
frame.set([0x80, 0x00, 0x01, 0xbb], 34);
// An ACK without data.
frame.writeUInt16BE(0x5010, 46);

const cap = new Cap();
// What it captures itself is nothing.
cap.open(device, 'ether proto 0x88b5', 1 << 16, Buffer.alloc(65535));
const begun = performance.now();
const whole = Number(rate) * Number(seconds);
for (let sent = 0; sent < whole; ) {
  const due = Math.min(whole, ((performance.now() - begun) / 1000) * Number(rate));
  const last = Math.min(due, sent + BURST);
  for (; sent < last; sent++) {
    frame.writeUInt32BE(sent, 38);
    cap.send(frame, FRAME_LENGTH);
  }
  if (last === due) await sleep(1);
}
process.stdout.write(`${(performance.now() - begun) / 1000}\n`, () => process.exit(0));
