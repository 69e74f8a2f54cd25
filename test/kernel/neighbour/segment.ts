import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import type { Snapshot } from '../../../src/model/snapshot.js';
import type { AskedMessage, AskMessage } from './asker.js';
import { echoRequest } from './frames.js';
import type { HostMessage } from './host.js';

/** Sysctls, as `sysctl` names them; later ones count. */
export type Settings = readonly (readonly [key: string, value: number])[];

/** A frame to send by one of the peer's devices. */
export interface Question {
  device: string;
  frame: Uint8Array;
}

/** How a device's frames are known to be done with: an echo `from` the peer's address to the node's. */
export interface Echo {
  from: string;
  to: string;
  /** The node's device that has `to`. */
  by: string;
}

/**
 * A node and a peer, each in a network namespace of its own, joined by the veth pairs that the test makes. The
 * peer asks and sees what the node's real kernel answers.
 */
export class Segment {
  readonly node: string;
  readonly peer: string;
  #asker: ChildProcess | null = null;
  #host: ChildProcess | null = null;
  #id = 0;
  #echoes: ReadonlyMap<string, Echo> = new Map();
  readonly #macs = new Map<string, { node: string; peer: string }>();

  constructor() {
    const id = `rpa-${process.pid}-${randomBytes(3).toString('hex')}`;
    [this.node, this.peer] = [`${id}-n`, `${id}-p`];
    for (const name of [this.node, this.peer]) execFileSync('ip', ['netns', 'add', name]);
    this.sysctl(this.peer, [
      // The peer's own kernel must not answer or ask.
      ['net.ipv4.conf.all.arp_ignore', 8],
      ['net.ipv6.conf.default.disable_ipv6', 1],
      ['net.ipv6.conf.all.disable_ipv6', 1],
    ]);
  }

  /** Runs `ip` commands in a namespace; the first that fails is thrown. */
  ip(namespace: string, lines: readonly string[]): void {
    execFileSync('ip', ['-n', namespace, '-batch', '-'], {
      input: `${lines.join('\n')}\n`,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
  }

  sysctl(namespace: string, settings: Settings): void {
    const input = settings.map(([key, value]) => `${key} = ${value}\n`).join('');
    execFileSync('ip', ['netns', 'exec', namespace, 'sysctl', '-q', '-p', '-'], { input });
  }

  run(namespace: string, command: string, ...args: string[]): string {
    return execFileSync('ip', ['netns', 'exec', namespace, command, ...args], { encoding: 'utf8' });
  }

  /**
   * Starts what asks and what sets.
   *
   * @param echoes by the peer's device
   */
  async start(echoes: ReadonlyMap<string, Echo>): Promise<void> {
    this.#echoes = echoes;
    for (const [device, { from, by }] of echoes) {
      const macs = { node: this.#macOf(this.node, by), peer: this.#macOf(this.peer, device) };
      this.#macs.set(device, macs);
      this.ip(this.node, [`neigh replace ${from} lladdr ${macs.peer} dev ${by}`]);
      // libpcap warns of devices that have none.
      this.ip(this.peer, [`addr add ${from}/32 dev ${device}`]);
      // Answers by proxy are late at random; none is to be waited for.
      const path = by.replaceAll('.', '/');
      this.sysctl(
        this.node,
        ['ipv4', 'ipv6'].map((ip) => [`net.${ip}.neigh.${path}.proxy_delay`, 0]),
      );
    }
    this.#asker = await fork(this.peer, 'asker.js', [...echoes.keys()]);
    this.#host = await fork(this.node, 'host.js', []);
  }

  /** The peer's MAC on a device. */
  macOf(device: string): string {
    return this.#macs.get(device)!.peer;
  }

  /** The node's MAC on the device that the peer's is joined to. */
  nodeMacOf(device: string): string {
    return this.#macs.get(device)!.node;
  }

  /** Of 16 bits, as an echo's identifier has. */
  #nextId(): number {
    this.#id = (this.#id + 1) & 0xffff;
    return this.#id;
  }

  #macOf(namespace: string, device: string): string {
    const links = JSON.parse(this.run(namespace, 'ip', '-j', 'link', 'show', device)) as {
      address: string;
    }[];
    return links[0]!.address;
  }

  /**
   * Sends the questions and returns the frames that the peer saw until the node was done with them.
   *
   * @param patienceMs how long nothing has to come where the node does not say that it is done with them; what a
   *   busy machine brings later is among the answers to the next questions
   */
  async ask(
    questions: readonly Question[],
    patienceMs = 5000,
  ): Promise<{ device: string; frame: Uint8Array }[]> {
    const id = this.#nextId();
    const last = [...this.#echoes].map(([device, { from, to }]) => ({
      device,
      frame: hex(echoRequest(this.nodeMacOf(device), this.macOf(device), from, to, id)),
    }));
    const frames = questions.map(({ device, frame }) => ({ device, frame: hex(frame) }));
    const answer = await converse<AskMessage, AskedMessage>(this.#asker!, { id, frames, last, patienceMs });
    return answer.frames.map(({ device, frame }) => ({ device, frame: Buffer.from(frame, 'hex') }));
  }

  /** Sets the node's sysctls. */
  async set(settings: Settings): Promise<void> {
    await converse<HostMessage>(this.#host!, { id: this.#nextId(), settings });
  }

  /** Has the node send datagrams. */
  async send(datagrams: readonly { source: string; target: string }[]): Promise<void> {
    await converse<HostMessage>(this.#host!, { id: this.#nextId(), datagrams });
  }

  /** The node's snapshot, as the plain commands make it; ip-neigh.json with the proxy entries. */
  snapshot(): Snapshot {
    const ip = (...args: string[]) => this.run(this.node, 'ip', '-j', ...args);
    const entries = (...args: string[]) => JSON.parse(ip(...args)) as unknown[];
    const neighbours = [...entries('neigh'), ...entries('-4', 'neigh', 'show', 'proxy')];
    neighbours.push(...entries('-6', 'neigh', 'show', 'proxy'));
    const files = new Map([
      ['ip-addr.json', ip('addr', 'show')],
      ['ip-link.json', ip('-d', 'link', 'show')],
      ['ip-route.json', ip('-4', 'route', 'show', 'table', 'all')],
      ['ip-route6.json', ip('-6', 'route', 'show', 'table', 'all')],
      ['ip-rule.json', ip('-4', 'rule', 'show')],
      ['ip-rule6.json', ip('-6', 'rule', 'show')],
      ['ip-neigh.json', JSON.stringify(neighbours)],
      ['sysctl.txt', this.run(this.node, 'sysctl', '-a', '-r', '^net\\.ipv[46]\\.(conf|ip_forward)')],
    ]);
    return readSnapshot(files, 'node1', null, '');
  }

  remove(): void {
    for (const child of [this.#asker, this.#host]) child?.kill('SIGKILL');
    for (const name of [this.node, this.peer]) spawnSync('ip', ['netns', 'del', name]);
  }
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

async function fork(namespace: string, script: string, args: string[]): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, path, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${script} ended before it was ready`);
  });
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  return child;
}

/** Sends a message and waits for the answer with its id. */
function converse<M extends { id: number }, A = { id: number }>(child: ChildProcess, message: M): Promise<A> {
  return new Promise((resolve, reject) => {
    const listener = (answer: { id: number }) => {
      if (answer.id !== message.id) return;
      child.off('message', listener);
      child.off('exit', failed);
      resolve(answer as A);
    };
    const failed = () => reject(new Error('the process in the namespace ended'));
    child.on('message', listener);
    child.once('exit', failed);
    child.send(message);
  });
}
