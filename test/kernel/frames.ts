import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseAddress, parseMac } from '../../src/model/address.js';
import { ROOT } from '../support.js';
import type { Namespace } from './namespace.js';
import type { Question } from './scenario.js';

const ETHERNET = 14;
const IPV4 = 20;
const UDP = 8;
const TTL = 64;
/** A MAC of no device: what the frames come from. */
const SENDER = '02:00:5e:00:53:01';

/**
 * The question's packet as an Ethernet frame: UDP over IPv4, no payload, no UDP checksum (RFC 768 lets it be 0). As
 * TCP, its header is twenty octets of a SYN.
 */
export function frameOf(q: Question, mac: string): Uint8Array {
  const tcp = q.protocol === 'tcp';
  const frame = new Uint8Array(ETHERNET + IPV4 + (tcp ? 20 : UDP));
  const view = new DataView(frame.buffer);
  frame.set(parseMac(mac)!, 0);
  frame.set(parseMac(SENDER)!, 6);
  view.setUint16(12, 0x0800);
  frame[ETHERNET] = 0x45;
  frame[ETHERNET + 1] = q.tos;
  view.setUint16(ETHERNET + 2, frame.length - ETHERNET);
  frame[ETHERNET + 8] = TTL;
  frame[ETHERNET + 9] = tcp ? 6 : 17;
  frame.set(parseAddress(q.from!)!, ETHERNET + 12);
  frame.set(parseAddress(q.to)!, ETHERNET + 16);
  view.setUint16(ETHERNET + 10, checksum(frame.subarray(ETHERNET, ETHERNET + IPV4)));
  view.setUint16(ETHERNET + IPV4, q.sourcePort);
  view.setUint16(ETHERNET + IPV4 + 2, q.destinationPort);
  if (tcp) {
    frame[ETHERNET + IPV4 + 12] = 0x50;
    frame[ETHERNET + IPV4 + 13] = 0x02;
  } else view.setUint16(ETHERNET + IPV4 + 4, UDP);
  return frame;
}

/** RFC 1071 */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Sends frames from within a namespace, and reads its counters, in one process for all of them. */
export class Actor {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #replies: AsyncIterator<string>;
  #errors = '';

  constructor(namespace: Namespace) {
    const script = join(ROOT, 'dist/test/kernel/actor.js');
    this.#child = spawn('ip', ['netns', 'exec', namespace.name, process.execPath, script]);
    this.#child.stderr.setEncoding('utf8').on('data', (text) => {
      this.#errors += text;
    });
    // One that has ended says why in its errors.
    this.#child.stdin.on('error', () => {});
    this.#replies = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** `ip netns exec` becomes the process that sends. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Done when the kernel has taken the frame. */
  async send(device: string, frame: Uint8Array): Promise<void> {
    const reply = await this.#ask(`send ${device} ${Buffer.from(frame).toString('hex')}`);
    if (reply !== 'sent') throw new Error(`the frame was not sent: ${reply}`);
  }

  /** By the names that `nstat` gives them. */
  async counters(): Promise<Record<string, number>> {
    return JSON.parse(await this.#ask('counters'));
  }

  async #ask(line: string): Promise<string> {
    this.#child.stdin.write(`${line}\n`);
    const reply = await this.#replies.next();
    if (reply.done) throw new Error(`the process in the namespace ended: ${this.#errors}`);
    return reply.value;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.stdin.end();
    await closed;
  }
}
