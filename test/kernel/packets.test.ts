import { spawnSync } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { KernelModel } from '../../src/kernel/model.js';
import type { VerdictName } from '../../src/kernel/verdict.js';
import { testInNamespaces } from '../gates.js';
import { scenario4 } from './arbitrary.js';
import { DropReasons } from './drop-reasons.js';
import { Actor, frameOf } from './frames.js';
import { Namespace } from './namespace.js';
import { comparePackets, isPacket } from './packets.js';
import { scenarioText } from './scenario.js';

const test = testInNamespaces('nstat');

// What `ip route get` cannot tell: which of the drops it was. TcpExtIPReversePathFilter counts rp_filter's alone.
const cases: [
  name: string,
  source: string,
  setup: [string, number][],
  verdict: VerdictName,
  counted: boolean,
][] = [
  ['strict, the way back elsewhere', '10.99.0.2', [['all.rp_filter', 1]], 'rp-filter', true],
  ['strict, the way back the same', '10.3.0.2', [['all.rp_filter', 1]], 'local', false],
  ['loose', '10.99.0.2', [['eth1.rp_filter', 2]], 'local', false],
  ['loose, no way back at all', '172.31.0.2', [['eth1.rp_filter', 2]], 'rp-filter', true],
  ['the own address as source', '10.1.0.1', [['all.rp_filter', 1]], 'martian-source', false],
  ['the own address as source, no rp_filter', '10.1.0.1', [], 'martian-source', false],
  ['a broadcast address as source', '10.1.0.255', [['all.rp_filter', 1]], 'martian-source', false],
  ['a loopback source', '127.0.0.9', [], 'martian-source', false],
];

for (const [name, source, setup, verdict, counted] of cases) {
  test(`a real packet: ${name}`, (t) => {
    const node = new Namespace();
    const peer = new Namespace();
    try {
      node.batch([
        'link set dev lo up',
        'link add name eth0 type veth peer name eth9',
        `link add name eth1 type veth peer name eth0 netns ${peer.name}`,
        ...['eth0', 'eth9', 'eth1'].map((dev) => `link set dev ${dev} up`),
        'addr add 10.1.0.1/24 brd + dev eth0',
        'addr add 10.3.0.1/24 brd + dev eth1',
        'route add 10.99.0.0/16 via 10.1.0.9',
      ]);
      peer.batch([
        'link set dev lo up',
        'link set dev eth0 up',
        'addr add 10.3.0.2/24 dev eth0',
        `addr add ${source}/32 dev lo`,
      ]);
      node.sysctl(
        new Map([
          ['net.ipv4.conf.all.rp_filter', 0],
          ['net.ipv4.conf.eth1.rp_filter', 0],
        ]),
      );
      node.sysctl(new Map(setup.map(([key, value]) => [`net.ipv4.conf.${key}`, value])));
      peer.sysctl(new Map([['net.ipv4.conf.all.route_localnet', 1]]));
      // A permanent neighbour: ARP from such a source would be dropped and counted as well.
      const mac = new KernelModel(node.snapshot()).link('eth1')!.mac;
      peer.batch([`neigh add 10.3.0.1 lladdr ${mac} dev eth0`]);
      const before = reversePathDrops(node);
      spawnSync('ip', ['netns', 'exec', peer.name, 'ping', '-c', '1', '-W', '0.2', '-I', source, '10.3.0.1']);
      const dropped = reversePathDrops(node) - before;
      const model = new KernelModel(node.snapshot());
      t.is(model.input({ source, destination: '10.3.0.1', interface: 'eth1' }).verdict, verdict);
      t.is(dropped, counted ? 1 : 0);
    } finally {
      node.remove();
      peer.remove();
    }
  });
}

function reversePathDrops(namespace: Namespace): number {
  const counters = JSON.parse(
    namespace.run('nstat', '-a', '-s', '-z', '--json', 'TcpExtIPReversePathFilter'),
  );
  return counters.kernel.TcpExtIPReversePathFilter;
}

const SEED = Number(process.env.RETURNPATH_KERNEL_SEED ?? 1);
const RUNS = Number(process.env.RETURNPATH_KERNEL_RUNS ?? 10);

test('crafted packets into random configurations are counted as the model says', async (t) => {
  let sent = 0;
  let reasoned = 0;
  const verdicts = new Map<string, number>();
  const agrees = fc.asyncProperty(scenario4(400), async (scenario) => {
    const questions = scenario.questions.filter((q) => isPacket(q, scenario));
    const result = await comparePackets({ ...scenario, questions });
    if (result.mismatches.length > 0) throw new Error(result.mismatches[0]);
    sent += result.sent - result.unsure;
    reasoned += result.reasoned;
    for (const [name, count] of result.verdicts) verdicts.set(name, (verdicts.get(name) ?? 0) + count);
  });
  const result = await fc.check(agrees, { seed: SEED, numRuns: RUNS });
  t.log(`${sent} packets, ${reasoned} drops with their reason`, Object.fromEntries(verdicts));
  if (result.failed) t.fail(`${scenarioText(result.counterexample![0])}\n${result.errorInstance}`);
  t.true(sent > 0);
  if (DropReasons.available) t.true(reasoned > 0);
});

test('a drop is logged as martian, with the destination named first', async (t) => {
  const node = new Namespace();
  const peer = new Namespace();
  const sender = new Actor(peer);
  // The kernel has one log for all namespaces: addresses of this run's own, and a limit of 10 lines in 5 s for all.
  const source = `10.99.${(process.pid >> 8) & 0xff}.${process.pid & 0xff}`;
  try {
    node.batch([
      `link add name eth1 type veth peer name eth0 netns ${peer.name}`,
      'link set dev eth1 up',
      'addr add 10.3.0.1/24 dev eth1',
    ]);
    peer.batch(['link set dev eth0 up']);
    node.sysctl([
      ['net.ipv4.conf.all.rp_filter', 1],
      ['net.ipv4.conf.all.log_martians', 1],
    ]);
    const model = new KernelModel(node.snapshot());
    const question = { source, destination: '10.3.0.1', interface: 'eth1' };
    t.is(model.input(question).verdict, 'rp-filter');
    const plain = { oif: null, mark: 0, tos: 0, protocol: 'udp', sourcePort: 1500, destinationPort: 80 };
    const frame = frameOf({ ...plain, to: '10.3.0.1', from: source, iif: 'eth1' }, model.link('eth1')!.mac!);
    const line = `martian source 10.3.0.1 from ${source}, on dev eth1`;
    let log = '';
    for (let tries = 0; tries < 30 && !log.includes(line); tries++) {
      await sender.send('eth0', frame);
      await setTimeout(500);
      log = spawnSync('dmesg', { encoding: 'utf8', maxBuffer: 1 << 28 }).stdout;
    }
    t.true(log.includes(line));
  } finally {
    await sender.close();
    node.remove();
    peer.remove();
  }
});
