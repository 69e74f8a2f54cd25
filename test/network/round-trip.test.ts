/** Where a reply ends: at a client that was recorded too, by the way that the request came, or by another. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readSnapshots } from '../../src/correlate/read-snapshots.js';
import { Network } from '../../src/network/network.js';
import { type Fate, roundTrips } from '../../src/network/round-trip.js';
import { scratch } from '../scratch.js';

const CLIENT = '10.9.9.9';
const VIP = '10.99.0.10';

/** Settings that the model would otherwise have to assume. */
const ZEROES = ['rp_filter', 'accept_local', 'src_valid_mark', 'route_localnet'];

/** Each node's addresses by interface. */
const ADDRESSES: Record<string, Record<string, string>> = {
  client: { lo: `${CLIENT}/32`, a: '10.9.1.2/24', b: '10.9.3.2/24' },
  node1: { a: '10.9.1.1/24', b: '10.9.2.1/24' },
  node2: { lo: `${VIP}/32`, a: '10.9.2.2/24', b: '10.9.3.1/24' },
};

/** What becomes of the client's request at node1, where node2 answers by this route. */
async function fateBy(t: ExecutionContext, answer: string): Promise<Fate> {
  const routes: Record<string, string> = {
    client: `${VIP} via 10.9.1.1 dev a`,
    node1: `${VIP} via 10.9.2.2 dev b\n${CLIENT} via 10.9.1.2 dev a`,
    node2: `${CLIENT} ${answer}`,
  };
  const directory = scratch(t);
  for (const [node, addresses] of Object.entries(ADDRESSES)) {
    const write = (name: string, text: string) => writeFileSync(join(directory, node, name), `${text}\n`);
    mkdirSync(join(directory, node));
    const links = Object.entries(addresses).flatMap(([name, address], i) => [
      `${i + 1}: ${name}: <UP,LOWER_UP> mtu 1500 state UP`,
      name === 'lo' ? '    link/loopback 00:00:00:00:00:00' : `    link/ether 02:00:00:00:0${i}:01`,
      `    inet ${address} scope global ${name}`,
    ]);
    const own = Object.entries(addresses).map(([name, address]) => {
      const bare = address.split('/')[0]!;
      const net = name === 'lo' ? '' : `${bare.replace(/\d+$/, '0/24')} dev ${name} scope link\n`;
      return `${net}local ${bare} dev ${name} table local scope host`;
    });
    write('ip-addr.txt', links.join('\n'));
    write('ip-route.txt', [...own, routes[node]].join('\n'));
    write('ip-rule.txt', '0: from all lookup local\n32766: from all lookup main');
    const sysctls = ['all', ...Object.keys(addresses)].flatMap((name) => [
      `net.ipv4.conf.${name}.forwarding = 1`,
      ...ZEROES.map((key) => `net.ipv4.conf.${name}.${key} = 0`),
    ]);
    write('sysctl.txt', ['net.ipv4.ip_forward = 1', ...sysctls].join('\n'));
    write('iptables-save.txt', '*filter\n:FORWARD ACCEPT [0:0]\nCOMMIT');
  }
  const inputs = Object.keys(ADDRESSES).map((node) => `${node}=${join(directory, node)}`);
  const network = Network.of((await readSnapshots(inputs, { keepGoing: false })).snapshots);
  const station = network.station('node1', null)!;
  const entry = {
    station,
    interface: 'a',
    sender: '10.9.1.2',
    isPod: false,
    isGuess: false,
    why: '',
    assumed: [],
    unknown: [],
  };
  const trips = roundTrips(network, entry, {
    source: CLIENT,
    destination: VIP,
    protocol: 'tcp',
    sourcePort: 40_001,
    destinationPort: 80,
  });
  t.is(trips.length, 1);
  return trips[0]!.fate;
}

test('back by the node that the request came by: answered', async (t) => {
  t.deepEqual(await fateBy(t, 'via 10.9.2.1 dev a'), { kind: 'answered' });
});

test('straight to the client: answered, though by another way', async (t) => {
  t.deepEqual(await fateBy(t, 'via 10.9.3.2 dev b'), { kind: 'answered-elsewhere' });
});
