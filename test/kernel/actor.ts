/**
 * Runs inside a namespace: `send DEVICE HEX` on standard input sends a frame and is answered `sent`, `counters` is
 * answered the namespace's counters as JSON.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

/** What is used of the npm package `cap`, which brings no types. */
interface Cap {
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  send(frame: Buffer, length: number): void;
}

const devices = new Map<string, Cap>();

function send(device: string, hex: string): void {
  let cap = devices.get(device);
  if (!cap) {
    const { Cap } = createRequire(import.meta.url)('cap') as { Cap: new () => Cap };
    cap = new Cap();
    // Nothing is to be captured.
    cap.open(device, 'less 1', 1 << 16, Buffer.alloc(65535));
    devices.set(device, cap);
  }
  const frame = Buffer.from(hex, 'hex');
  cap.send(frame, frame.length);
}

/** Lines come in pairs: `Ip: Forwarding DefaultTTL …`, `Ip: 1 64 …`. */
function counters(): Record<string, number> {
  const found: Record<string, number> = {};
  const lines = ['snmp', 'netstat'].flatMap((name) =>
    readFileSync(`/proc/net/${name}`, 'utf8').trim().split('\n'),
  );
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const [group = '', ...names] = lines[i]!.split(' ');
    const values = lines[i + 1]!.split(' ').slice(1);
    for (const [k, name] of names.entries()) found[group.replace(':', '') + name] = Number(values[k]);
  }
  return found;
}

for await (const line of createInterface(process.stdin)) {
  const [verb, device = '', hex = ''] = line.split(' ');
  if (verb === 'send') send(device, hex);
  process.stdout.write(verb === 'send' ? 'sent\n' : `${JSON.stringify(counters())}\n`);
}
process.exit(0);
