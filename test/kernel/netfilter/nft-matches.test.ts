/** Every kind of match against the running kernel: each rule leaves a bit in the mark of the packets that it matches. */
import ava, { type ExecutionContext } from 'ava';
import { KernelModel } from '../../../src/kernel/model.js';
import { PacketPath } from '../../../src/kernel/netfilter/packet-path.js';
import { testInNamespaces } from '../../gates.js';
import { packetsOf, questionOf } from './nft-packets.js';
import { PEERS, Router, type Sights } from './nft-router.js';

const test = testInNamespaces('nft', 'sysctl');

const HEADERS = [
  'ip saddr 10.1.0.2',
  'ip saddr != 10.1.0.2',
  'ip saddr 10.1.0.0/24',
  'ip saddr != 10.1.0.0-10.1.0.2',
  'ip daddr { 10.2.0.2, 10.1.0.0/30 }',
  'ip daddr != { 10.2.0.2, 10.1.0.0/30 }',
  'ip daddr & 0.0.0.1 == 1',
  'ip6 saddr fd01::/64',
  'ip6 daddr { fd02::2, fd01::1-fd01::2 }',
  'ip6 saddr & ffff:: != fd99::',
  'udp dport 53',
  'udp dport != 53',
  'tcp dport { 80, 400-500 }',
  'tcp dport >= 443',
  'tcp dport < 443',
  'th dport 80',
  'th dport != { 80, 53 }',
  'udp sport & 1 == 1',
  'meta l4proto tcp',
  'meta l4proto != { tcp, icmp }',
  'ip protocol { udp, 47 }',
  'ip6 nexthdr udp',
  'tcp flags syn',
  'tcp flags != syn',
  'tcp flags & (syn | ack) == syn',
  'tcp flags & (syn | ack) == { syn, syn | ack }',
  'tcp flags ! ack,fin',
  'tcp flags == 0x2',
  'ip ttl 64',
  'ip6 hoplimit < 65',
  'ip dscp cs0',
];

const CONTEXT = [
  'meta nfproto ipv4',
  'meta protocol ip6',
  'ether type ip',
  'iifname "lan0"',
  'iifname "lan*"',
  'iifname != "lan*"',
  'iifname { "wan0", "eth*" }',
  'iif lan0',
  'iif != { lan0, lo }',
  'oifname "wan0"',
  'oifname != "wan0"',
  'oif 0',
  'iifgroup default',
  'oifgroup default',
  'meta iifkind "veth"',
  'meta skuid 0',
  'meta pkttype host',
  'ct state new',
  'ct state established,related',
  'ct state { new, established }',
  'ct state != new',
  'ct state ! invalid',
  'ct state untracked',
  'ct direction original',
  'ct status dnat',
  'ct mark 0',
  'ct zone 0',
  'ct protocol tcp',
  'ct original ip saddr 10.1.0.2',
  'ct reply ip6 saddr fd02::2',
  'meta l4proto udp ct original proto-dst 53',
];

const SETS = [
  'ip saddr . udp dport { 10.1.0.2 . 53, 10.1.0.3 . 80 }',
  'ip saddr . th dport != { 10.1.0.2 . 53, 10.1.0.0/24 . 80-443 }',
  'meta l4proto . th dport { tcp . 80, udp . 53-80 }',
  'iifname . ip daddr { "lan0" . 10.2.0.2, "wan0" . 10.1.0.2 }',
  'ip dscp . tcp dport { cs0 . 80 }',
  'ip saddr @clients',
  'ip saddr != @clients',
  'ip daddr . meta l4proto . th dport @services',
  'iifname @links',
  'ip6 saddr @clients6',
  'fib daddr type . meta l4proto { local . tcp, unicast . udp }',
  'meta mark & 0x1 . ip saddr { 0 . 10.1.0.2 }',
  'ct state . iifname { new . "lan0" }',
  'ip frag-off & 0x1fff == 0',
  'ip version 4',
  'ip hdrlength 5',
  'ip saddr . ip daddr . udp sport . udp dport { 10.0.0.0/8 . 10.2.0.2-10.2.0.3 . 1-65535 . 53 }',
  'meta mark < 0x100',
  'meta mark 0x1-0xff',
];

const FIB = [
  'fib saddr . iif oif missing',
  'fib saddr . iif oif exists',
  'fib saddr . mark . iif oif missing',
  'fib saddr oif exists',
  'fib saddr oif missing',
  'fib saddr oif lan0',
  'fib saddr oif != lan0',
  'fib saddr oifname "wan0"',
  'fib saddr oifname != "wan*"',
  'fib saddr . iif oifname "lan0"',
  'fib saddr . mark oifname "lan0"',
  'fib daddr oif exists',
  'fib daddr . iif oif exists',
  'fib daddr oifname "wan0"',
  'fib daddr . mark oifname { "wan0", "lan0" }',
  'fib daddr type local',
  'fib daddr type unicast',
  'fib daddr type { local, broadcast }',
  'fib daddr type != local',
  'fib daddr . iif type local',
  'fib daddr . iif type { unicast, broadcast }',
  'fib saddr type unicast',
  'fib saddr type local',
  'fib saddr . iif type unicast',
  'fib daddr . mark . iif type local',
  'fib daddr type { unreachable, prohibit, blackhole }',
  'fib saddr . mark . iif oif 0',
];

const SET_DEFINITIONS = `
set clients { type ipv4_addr; flags interval; elements = { 10.1.0.2, 10.2.0.0-10.2.0.2 }; }
set clients6 { type ipv6_addr; flags interval; elements = { fd01::/127, fd99::/16 }; }
set services { type ipv4_addr . inet_proto . inet_service; elements = { 10.2.0.2 . tcp . 80, 10.2.0.3 . udp . 53 }; }
set links { type ifname; flags interval; elements = { "lan*", "lo" }; }`;

interface Variation {
  name: string;
  matches: readonly string[];
  hook: 'prerouting' | 'input' | 'forward' | 'postrouting';
  /** Before the matches. */
  first?: string;
  routes?: string[];
}

const VARIATIONS: Variation[] = [
  { name: 'headers', matches: HEADERS, hook: 'prerouting' },
  { name: 'context, before routing', matches: CONTEXT, hook: 'prerouting' },
  { name: 'context, forwarded', matches: CONTEXT, hook: 'forward' },
  { name: 'context, delivered', matches: CONTEXT, hook: 'input' },
  { name: 'context, leaving', matches: CONTEXT, hook: 'postrouting' },
  {
    name: 'sets',
    matches: SETS,
    hook: 'prerouting',
    first: 'meta mark set tcp dport map { 80 : 0x50, 443 : 0x101 }',
  },
  { name: 'fib, before routing', matches: FIB, hook: 'prerouting' },
  { name: 'fib, forwarded', matches: FIB, hook: 'forward' },
  { name: 'fib, delivered', matches: FIB, hook: 'input' },
  {
    name: 'fib, with a default route and policy rules',
    matches: FIB,
    hook: 'prerouting',
    routes: [
      'route add default via 10.2.0.2',
      '-6 route add default via fd02::2',
      'route add 10.99.0.0/16 via 10.1.0.2 table 7',
      '-6 route add fd99::/16 via fd01::2 table 7',
      'rule add fwmark 0x1/0x1 lookup 7',
      '-6 rule add fwmark 0x1/0x1 lookup 7',
      'route add unreachable 192.0.2.0/24',
      '-6 route add prohibit 2001:db8::/32',
    ],
  },
  {
    name: 'fib, over two next hops',
    matches: FIB,
    hook: 'prerouting',
    routes: [
      'route add 10.99.0.0/16 nexthop via 10.1.0.2 nexthop via 10.2.0.2',
      '-6 route add fd99::/16 nexthop via fd01::2 nexthop via fd02::2',
    ],
  },
];

let router: Router | undefined;
ava.after.always(() => router?.stop());

for (const [i, variation] of VARIATIONS.entries()) {
  test(`matches as the kernel does: ${variation.name}`, (t) => compare(t, variation, i));
}

/** Packets of each variation; `RETURNPATH_NFT_PACKETS=1200` for a long run. */
const SIZE = Number(process.env.RETURNPATH_NFT_PACKETS ?? 40);

async function compare(t: ExecutionContext, variation: Variation, seed: number): Promise<void> {
  const { hook, matches, first = '', routes = [] } = variation;
  const lines = matches.map((match, bit) => `${match} ct mark set ct mark | ${2 ** bit}`);
  const rules = `table inet t {${SET_DEFINITIONS}
    chain c {
      type filter hook ${hook} priority 10; policy accept;
      ${first}
      ${lines.join('\n')}
      meta mark set ct mark
    }
  }`;
  router ??= await Router.start();
  await router.ip(routes);
  try {
    t.deepEqual(await router.load(rules), [], 'nft takes every line');
    const snapshot = { ...(await router.snapshot()), nft: await router.rules() };
    const path = new PacketPath(new KernelModel(snapshot));
    const packets = packetsOf(seed, SIZE);
    for (const from of ['a', 'b'] as const) {
      await router.send(
        from,
        packets.filter((packet) => packet.from === from),
      );
    }
    const sights = await router.sights();
    let compared = 0;
    for (const packet of packets) {
      const seen = markSeen(sights, packet.id, hook);
      const passages = path.receive(questionOf(packet), PEERS[packet.from].device);
      t.is(passages.length, 1);
      const [passage] = passages;
      if (seen === null) continue;
      // Which of two next hops counts for IPv6 is a hash.
      if (passage!.unknown.length > 0) {
        t.true(passage!.unknown.every((line) => line.includes('next hops')));
        continue;
      }
      compared++;
      const differing = matches.filter((_, bit) => ((seen ^ passage!.packet.mark) & (2 ** bit)) !== 0);
      t.deepEqual(
        differing,
        [],
        `kernel ${seen}, model ${passage!.packet.mark}: ${JSON.stringify(packet)}; unknown: ${passage!.unknown.join('; ')}`,
      );
    }
    t.true(compared > 0, 'some packets got as far as the hook');
    t.log(`${compared} packets, ${compared * matches.length} matches`);
  } finally {
    const undo = routes.map((route) => route.replace(' add ', ' del '));
    await router.ip(undo);
  }
}

function markSeen(sights: Sights, id: string, hook: Variation['hook']): number | null {
  const at = hook === 'prerouting' ? sights.prerouting : hook === 'input' ? sights.input : sights.postrouting;
  return at.get(id)?.mark ?? null;
}
