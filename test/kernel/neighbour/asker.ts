/**
 * Sends frames by the devices named as arguments and tells what comes back. Runs in a peer's namespace, driven
 * by messages from the process that forked it.
 */
import { createRequire } from 'node:module';
import { isEchoReply } from './frames.js';

/** What is used of the npm package `cap`, which brings no types. */
interface Cap {
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  send(frame: Buffer, length: number): void;
  on(event: 'packet', listener: (length: number) => void): void;
}

/** Frames in hexadecimal by device; `last` of a device is the echo request that ends them. */
export interface AskMessage {
  id: number;
  frames: { device: string; frame: string }[];
  last: { device: string; frame: string }[];
  /** How long nothing has to come for an echo to count as one that is not answered. */
  patienceMs: number;
}

/** What was seen since the last one. */
export interface AskedMessage {
  id: number;
  frames: { device: string; frame: string }[];
}

const { Cap } = createRequire(import.meta.url)('cap') as { Cap: new () => Cap };
const caps = new Map<string, Cap>();
let seen: AskedMessage['frames'] = [];
let onFrame: (device: string, bytes: Buffer) => void = () => {};

for (const device of process.argv.slice(2)) {
  const buffer = Buffer.alloc(2048);
  const cap = new Cap();
  cap.open(device, 'arp or icmp or icmp6', 8 << 20, buffer);
  cap.on('packet', (length) => {
    const bytes = Buffer.from(buffer.subarray(0, length));
    seen.push({ device, frame: bytes.toString('hex') });
    onFrame(device, bytes);
  });
  caps.set(device, cap);
}

function send({ device, frame }: { device: string; frame: string }): void {
  const bytes = Buffer.from(frame, 'hex');
  caps.get(device)!.send(bytes, bytes.length);
}

process.on('message', ({ id, frames, last, patienceMs }: AskMessage) => {
  const waiting = new Set(last.map((end) => end.device));
  const end = () => {
    clearTimeout(timer);
    onFrame = () => {};
    process.send!({ id, frames: seen } satisfies AskedMessage);
    seen = [];
  };
  // An echo that is not answered (its way is changed by what is being tried) must not end the run.
  const timer = setTimeout(end, patienceMs);
  onFrame = (device, bytes) => {
    timer.refresh();
    if (isEchoReply(bytes, id) && waiting.delete(device) && waiting.size === 0) end();
  };
  frames.forEach(send);
  last.forEach(send);
});

process.send!('ready');
