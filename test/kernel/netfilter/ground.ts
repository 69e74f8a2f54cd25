import { type ChildProcessByStdio, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import type { Snapshot } from '../../../src/model/snapshot.js';
import { ROOT } from '../../support.js';
import type { Datagram } from './agent.js';
import { frame, type TestPacket } from './frames.js';
import { OBSERVER, type Sighting, sightings } from './observer.js';

type Agent = ChildProcessByStdio<Writable, Readable, null>;

export type Backend = 'nft' | 'legacy';

/** iptables-restore empties the tables that it is given, and those alone. */
const EMPTY = Object.entries({
  raw: 'PREROUTING OUTPUT',
  mangle: 'PREROUTING INPUT FORWARD OUTPUT POSTROUTING',
  nat: 'PREROUTING INPUT OUTPUT POSTROUTING',
  filter: 'INPUT FORWARD OUTPUT',
})
  .map(([table, chains]) => {
    const lines = chains.split(' ').map((chain) => `:${chain} ACCEPT [0:0]\n`);
    return `*${table}\n${lines.join('')}COMMIT\n`;
  })
  .join('');

/** npm puts the bin directories of packages before the system's, and one of those packages has an `nft` too. */
const PATH = (process.env.PATH ?? '').split(delimiter).filter((part) => !part.includes('node_modules'));
const env = { ...process.env, PATH: PATH.join(delimiter) };

const VXLAN_PORT = 4789;
const SENDER_MAC = '02:00:00:00:00:99';
let count = 0;

/**
 * A router in a network namespace, and a sender that puts any packet into any of its devices: these are VXLAN
 * devices whose underlay stays behind in the sender's namespace, so that a plain UDP datagram there becomes a frame
 * that comes in here, with no raw socket needed.
 */
export class PacketGround {
  readonly router = `rpf-r-${process.pid}-${threadId}-${count}`;
  readonly macSource = SENDER_MAC;
  private readonly sender = `rpf-s-${process.pid}-${threadId}-${count++}`;
  private readonly devices: readonly string[];
  private readonly processes: Agent[] = [];
  private macs = new Map<string, string>();
  private names = new Map<number, string>();
  private outside!: AgentClient;
  private inside!: AgentClient;
  private seen: Sighting[] = [];
  private ends = 0;

  private constructor(devices: readonly string[]) {
    this.devices = devices;
  }

  /** @param commands for `ip -batch` in the router, after the devices are up */
  static async make(
    devices: readonly string[],
    commands: readonly string[],
    settings: readonly string[],
  ): Promise<PacketGround> {
    const ground = new PacketGround(devices);
    try {
      await ground.build(commands, settings);
    } catch (error) {
      ground.remove();
      throw error;
    }
    return ground;
  }

  private async build(commands: readonly string[], settings: readonly string[]): Promise<void> {
    for (const name of [this.sender, this.router]) execFileSync('ip', ['netns', 'add', name], { env });
    this.sysctl(['net.ipv6.conf.default.accept_dad = 0', 'net.ipv6.conf.all.forwarding = 1']);
    batch(this.sender, [
      'link set lo up',
      ...this.devices.flatMap((name, i) => [
        `link add ${name} type vxlan id ${i + 1} local 127.0.0.1 dstport ${VXLAN_PORT} nolearning`,
        `link set ${name} netns ${this.router}`,
      ]),
    ]);
    this.sysctl(['net.ipv4.ip_forward = 1', ...settings]);
    batch(this.router, ['link set lo up', ...this.devices.map((name) => `link set ${name} up`)]);
    this.sysctl(settings);
    batch(this.router, commands);
    this.run('nft', [`-f`, '-'], OBSERVER);
    const links = JSON.parse(this.run('ip', ['-j', 'link', 'show'])) as {
      ifname: string;
      ifindex: number;
      address: string;
    }[];
    this.macs = new Map(links.map(({ ifname, address }) => [ifname, address]));
    this.names = new Map(links.map(({ ifname, ifindex }) => [ifindex, ifname]));
    this.outside = new AgentClient(this.start(this.sender, process.execPath, AGENT));
    this.inside = new AgentClient(this.start(this.router, process.execPath, AGENT));
    const capture = this.start(this.router, 'tcpdump', [
      '-i',
      'nflog:5',
      '--immediate-mode',
      '-U',
      '-w',
      '-',
    ]);
    void this.watch(capture.stdout);
    // Until tcpdump listens, what is logged goes nowhere.
    for (let tries = 0; this.ends === 0; tries++) {
      if (tries > 200) throw new Error('tcpdump does not see the log');
      await this.sendEnd();
      await sleep(20);
    }
    await this.settle();
  }

  private start(namespace: string, command: string, args: readonly string[]): Agent {
    const child = spawn('ip', ['netns', 'exec', namespace, command, ...args], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.processes.push(child);
    return child;
  }

  private async watch(pcap: Readable): Promise<void> {
    for await (const sighting of sightings(pcap)) {
      if (sighting.at === 'end') this.ends++;
      else this.seen.push(sighting);
    }
  }

  run(command: string, args: readonly string[], input = ''): string {
    return execFileSync('ip', ['netns', 'exec', this.router, command, ...args], {
      input,
      env,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Loads rules in place of those before. @returns false where the kernel or the tool refuses them */
  restore(family: 4 | 6, backend: Backend, rules: string): boolean {
    for (const each of ['nft', 'legacy'] as const) {
      if (!this.feed(family, each, EMPTY)) throw new Error(`the rules of ${each} are not cleared`);
    }
    return this.feed(family, backend, rules);
  }

  private feed(family: 4 | 6, backend: Backend, rules: string): boolean {
    const tool = `${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-restore`;
    const done = spawnSync('ip', ['netns', 'exec', this.router, tool], {
      input: rules,
      env,
      encoding: 'utf8',
    });
    return done.status === 0;
  }

  save(family: 4 | 6, backend: Backend, ...options: string[]): string {
    return this.run(`${family === 4 ? 'iptables' : 'ip6tables'}-${backend}-save`, options);
  }

  private sysctl(lines: readonly string[]): void {
    spawnSync('ip', ['netns', 'exec', this.router, 'sysctl', '-q', '-p', '-'], {
      input: `${lines.join('\n')}\n`,
      env,
    });
  }

  /** Without rule files, which are the test's own. */
  snapshot(): Snapshot {
    const ip = (...args: string[]) => this.run('ip', ['-j', ...args]);
    const files = new Map([
      ['ip-addr.json', ip('addr', 'show')],
      ['ip-link.json', ip('-d', 'link', 'show')],
      ['ip-route.json', ip('-4', 'route', 'show', 'table', 'all')],
      ['ip-route6.json', ip('-6', 'route', 'show', 'table', 'all')],
      ['ip-rule.json', ip('-4', 'rule', 'show')],
      ['ip-rule6.json', ip('-6', 'rule', 'show')],
      ['sysctl.txt', this.run('sysctl', ['-a', '-r', '^net\\.(ipv[46]\\.(conf|ip_forward)|netfilter)'])],
    ]);
    return readSnapshot(files, 'router', null, this.router);
  }

  /** Lets a packet come in by a device. */
  async inject(packet: TestPacket, device: string): Promise<void> {
    await this.encapsulate(frame(packet, SENDER_MAC, this.macs.get(device)!), device);
  }

  /** Sends a datagram of the router's own. @returns the error's code, null where there was none */
  send(datagram: Datagram): Promise<string | null> {
    return this.inside.send(datagram);
  }

  /** What was seen since the last time, once everything sent is through. */
  async observed(): Promise<Map<number, Sighting & { device: string | null }>> {
    await this.settle();
    const last = new Map<number, Sighting & { device: string | null }>();
    for (const sighting of this.seen) {
      const device = sighting.outdev === null ? null : (this.names.get(sighting.outdev) ?? null);
      last.set(sighting.packet!.id, { ...sighting, device });
    }
    this.seen = [];
    return last;
  }

  private async settle(): Promise<void> {
    const before = this.ends;
    await this.sendEnd();
    for (let tries = 0; this.ends === before; tries++) {
      if (tries > 5000) throw new Error('the log has stopped');
      await sleep(2);
    }
  }

  /** A packet of protocol 253 (RFC 3692), which the observer's first rule logs and drops. */
  private async sendEnd(): Promise<void> {
    const ip = Buffer.from('450000140000000040fd0000c0000201c0000202', 'hex');
    const link = Buffer.from(
      `${this.macs.get(this.devices[0]!)!.replaceAll(':', '')}0200000000990800`,
      'hex',
    );
    ip.writeUInt16BE(0xf5e9, 10);
    await this.encapsulate(Buffer.concat([link, ip]), this.devices[0]!);
  }

  private async encapsulate(inner: Buffer, device: string): Promise<void> {
    const vxlan = Buffer.from([8, 0, 0, 0, 0, 0, this.devices.indexOf(device) + 1, 0]);
    const error = await this.outside.send({
      family: 4,
      source: '127.0.0.1',
      sourcePort: 0,
      destination: '127.0.0.1',
      destinationPort: VXLAN_PORT,
      data: Buffer.concat([vxlan, inner]).toString('base64'),
    });
    if (error !== null) throw new Error(`the sender got ${error}`);
  }

  remove(): void {
    for (const child of this.processes) child.kill();
    for (const name of [this.router, this.sender]) spawnSync('ip', ['netns', 'del', name], { env });
  }
}

const AGENT = [join(ROOT, 'dist', 'test', 'kernel', 'netfilter', 'agent.js')];

/** @param lines of `ip -batch`; one that begins with `-6` is run by `ip -6` */
function batch(namespace: string, lines: readonly string[]): void {
  for (const family of ['-4', '-6']) {
    const own = lines.filter((line) => line.startsWith('-6 ') === (family === '-6'));
    const input = own.map((line) => `${line.replace(/^-6 /, '')}\n`).join('');
    execFileSync('ip', [family, '-n', namespace, '-batch', '-'], {
      input,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }
}

/** One datagram at a time, each answered before the next. */
class AgentClient {
  private readonly agent: Agent;
  private readonly lines: AsyncIterator<string>;

  constructor(agent: Agent) {
    this.agent = agent;
    this.lines = createInterface({ input: agent.stdout })[Symbol.asyncIterator]();
  }

  async send(datagram: Datagram): Promise<string | null> {
    if (!this.agent.stdin.write(`${JSON.stringify(datagram)}\n`)) await once(this.agent.stdin, 'drain');
    const { value, done } = await this.lines.next();
    if (done) throw new Error('the agent has ended');
    return JSON.parse(value) as string | null;
  }
}
