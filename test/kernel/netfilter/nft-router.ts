import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import type { Snapshot } from '../../../src/model/snapshot.js';
import { Ground } from '../../lab/ground.js';
import { ROOT } from '../../support.js';
import { loadTaken } from './nft-listing.js';
import type { PeerSetup, Sending } from './nft-peer.js';

export const PORTS = [53, 80, 443, 8080];
/** Where the router sends what `a` or `b` have; 10.99 and fd99 are nowhere, 10.2.0.50 is spoofed. */
export const PEERS = {
  a: {
    device: 'lan0',
    addresses: ['10.1.0.2', '10.1.0.3', 'fd01::2', 'fd01::3'],
    strangers: ['10.99.0.1', '10.2.0.50', 'fd99::1', 'fd02::50'],
  },
  b: {
    device: 'wan0',
    addresses: ['10.2.0.2', '10.2.0.3', 'fd02::2', 'fd02::3'],
    strangers: [],
  },
} as const;

export type PeerName = keyof typeof PEERS;

/** One packet as the router's last rule saw it. */
export interface Sight {
  source: string;
  sourcePort: number;
  destination: string;
  destinationPort: number;
  mark: number;
  oif: string;
}

/** By the connection's first source port: `20001`, and `reply 20001` in the other direction. */
export interface Sights {
  prerouting: Map<string, Sight>;
  input: Map<string, Sight>;
  postrouting: Map<string, Sight>;
}

/** A router with two neighbours, which tells what it did with their packets. Needs root, iproute2 and nftables. */
export class Router {
  private readonly ground = new Ground();
  private readonly peers = new Map<PeerName, ChildProcess>();

  static async start(): Promise<Router> {
    const router = new Router();
    try {
      await router.setUp();
    } catch (error) {
      await router.stop();
      throw error;
    }
    return router;
  }

  private async setUp(): Promise<void> {
    const { ground } = this;
    for (const name of ['r', 'a', 'b']) {
      await ground.add(name);
      await ground.sysctl(name, {
        'net.ipv6.conf.all.disable_ipv6': 0,
        'net.ipv6.conf.default.disable_ipv6': 0,
        'net.ipv6.conf.default.accept_dad': 0,
        'net.ipv4.conf.default.rp_filter': 0,
        'net.ipv4.conf.all.rp_filter': 0,
      });
    }
    for (const [name, { device, addresses, strangers }] of Object.entries(PEERS)) {
      await ground.join([name, 'eth0'], ['r', device]);
      const net = name === 'a' ? '1' : '2';
      await ground.ip('r', [
        `addr add 10.${net}.0.1/24 dev ${device}`,
        `addr add fd0${net}::1/64 dev ${device}`,
      ]);
      await ground.ip(name, [
        ...addresses.map((a) => `addr add ${a}/${a.includes(':') ? 64 : 24} dev eth0`),
        ...strangers.map((a) => `addr add ${a}/${a.includes(':') ? 128 : 32} dev lo`),
        `route add default via 10.${net}.0.1`,
        `route add default via fd0${net}::1`,
      ]);
    }
    await ground.sysctl('r', {
      'net.ipv4.ip_forward': 1,
      'net.ipv6.conf.all.forwarding': 1,
      'net.ipv4.conf.all.send_redirects': 0,
    });
    for (const name of ['a', 'b'] as const) await this.startPeer(name);
  }

  private async startPeer(name: PeerName): Promise<void> {
    const setup: PeerSetup = { addresses: [...PEERS[name].addresses], ports: PORTS };
    const script = join(ROOT, 'dist/test/kernel/netfilter/nft-peer.js');
    const args = [
      'netns',
      'exec',
      this.ground.namespace(name),
      process.execPath,
      script,
      JSON.stringify(setup),
    ];
    const child = spawn('ip', args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.ground.onTeardown(async () => child.kill('SIGKILL'));
    this.peers.set(name, child);
    await saysSomething(child);
  }

  stop(): Promise<void> {
    return this.ground.teardown();
  }

  /**
   * Puts the rules in place of what was there.
   *
   * @returns the lines that nft refuses, and that are left out
   */
  async load(rules: string): Promise<string[]> {
    return loadTaken(this.ground, 'r', `${rules}\n${OBSERVER}`);
  }

  nft(args: string[], input = ''): Promise<string> {
    return this.ground.run('r', ['nft', ...args], { input });
  }

  /** Runs `ip` commands on the router; those that begin with `-6` one by one, for a batch takes no such option. */
  async ip(lines: readonly string[]): Promise<void> {
    await this.ground.ip(
      'r',
      lines.filter((line) => !line.startsWith('-6')),
    );
    for (const line of lines.filter((one) => one.startsWith('-6'))) {
      await this.ground.run('r', ['ip', ...line.split(' ')]);
    }
  }

  /** Sends packets one after the other, and waits until those that come through are through. */
  async send(from: PeerName, packets: readonly Sending[]): Promise<void> {
    const child = this.peers.get(from)!;
    const sent = saysSomething(child);
    child.stdin!.write(`${JSON.stringify(packets)}\n`);
    await sent;
    await this.ground.sleep(60);
  }

  async sights(): Promise<Sights> {
    const listing = JSON.parse(await this.nft(['-j', 'list', 'table', 'inet', 'observer']));
    const sights: Sights = { prerouting: new Map(), input: new Map(), postrouting: new Map() };
    const all = new Map<string, Partial<Sight>>();
    for (const { set } of listing.nftables) {
      for (const element of set?.elem ?? []) {
        const [hook, part, direction] = set.name.split('_') as [keyof Sights, string, string];
        const [port, ...values] = element.concat;
        const id = direction === 'reply' ? `reply ${port}` : `${port}`;
        const sight = all.get(`${hook} ${id}`) ?? {};
        all.set(`${hook} ${id}`, sight);
        sights[hook].set(id, sight as Sight);
        if (part === 'rest') [sight.mark, sight.oif] = values;
        else [sight.source, sight.sourcePort, sight.destination, sight.destinationPort] = values;
      }
    }
    return sights;
  }

  async rules(): Promise<unknown> {
    return JSON.parse(await this.nft(['-j', 'list', 'ruleset']));
  }

  /** All but the packet filter, which `rules` tells. */
  async snapshot(): Promise<Snapshot> {
    const run = (...argv: string[]) => this.ground.run('r', argv);
    return readSnapshot(
      new Map([
        ['ip-addr.json', await run('ip', '-j', 'addr', 'show')],
        ['ip-link.json', await run('ip', '-j', '-d', 'link', 'show')],
        ['ip-route.json', await run('ip', '-j', '-4', 'route', 'show', 'table', 'all')],
        ['ip-route6.json', await run('ip', '-j', '-6', 'route', 'show', 'table', 'all')],
        ['ip-rule.json', await run('ip', '-j', '-4', 'rule', 'show')],
        ['ip-rule6.json', await run('ip', '-j', '-6', 'rule', 'show')],
        ['sysctl.txt', await run('sysctl', '-a', '-r', '^net\\.ipv[46]\\.(conf|ip_forward)')],
      ]),
      'router',
      null,
      'router',
    );
  }
}

function saysSomething(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`a peer ended with ${code}`));
    child.once('exit', ended);
    child.stdout!.once('data', () => {
      child.off('exit', ended);
      resolve();
    });
  });
}

/**
 * Notes every packet at the end of three hooks by its connection's first port, or its own where it is not tracked.
 * In two sets each, for a key has an end.
 */
const OBSERVER = observer();

function observer(): string {
  const families = [
    { version: 4, ip: 'ip' },
    { version: 6, ip: 'ip6' },
  ];
  const ids = [
    { kind: 'original', only: 'ct direction original', id: 'ct original proto-src' },
    { kind: 'reply', only: 'ct direction reply', id: 'ct original proto-src' },
    { kind: 'original', only: 'ct state untracked', id: 'th sport' },
  ];
  const protocols = ['meta l4proto udp', 'tcp flags & (syn | ack) == syn'];
  const lines = ['prerouting', 'input', 'postrouting'].flatMap((hook) => {
    const sets = new Set<string>();
    const rules: string[] = [];
    for (const { version, ip } of families) {
      const parts = [
        {
          part: 'ends',
          key: `${ip} saddr . th sport . ${ip} daddr . th dport`,
          type: `ipv${version}_addr . inet_service . ipv${version}_addr . inet_service`,
        },
        { part: 'rest', key: 'meta mark . meta oif', type: 'mark . iface_index' },
      ];
      for (const { part, key, type } of parts) {
        for (const { kind, only, id } of ids) {
          const name = `${hook}_${part}_${kind}_${version}`;
          sets.add(`set ${name} { type inet_service . ${type}; flags dynamic; size 65535; }`);
          for (const protocol of protocols) {
            rules.push(`meta nfproto ipv${version} ${protocol} ${only} add @${name} { ${id} . ${key} }`);
          }
        }
      }
    }
    const chain = `chain ${hook} {\ntype filter hook ${hook} priority 3000; policy accept;`;
    return [...sets, chain, ...rules, '}'];
  });
  return `table inet observer {\n${lines.join('\n')}\n}`;
}
