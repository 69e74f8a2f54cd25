/** Where a reply ends: at a client that was recorded too, by the way that the request came, or by another. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readSnapshots } from '../../src/correlate/read-snapshots.js';
import { roundTripText } from '../../src/network/narrate.js';
import { Network } from '../../src/network/network.js';
import { type Fate, type RoundTrip, roundTrips } from '../../src/network/round-trip.js';
import { scratch } from '../scratch.js';

const CLIENT = '10.9.9.9';
/** Somewhere beyond. */
const STRANGER = '10.77.7.7';
const VIP = '10.99.0.10';

/** Settings that the model would otherwise have to assume. */
const ZEROES = ['rp_filter', 'accept_local', 'src_valid_mark', 'route_localnet'];

/** Each node's addresses by interface. */
const ADDRESSES: Record<string, Record<string, string>> = {
  client: { lo: `${CLIENT}/32`, a: '10.9.1.2/24', b: '10.9.3.2/24' },
  node1: { a: '10.9.1.1/24', b: '10.9.2.1/24' },
  node2: { lo: `${VIP}/32`, a: '10.9.2.2/24', b: '10.9.3.1/24' },
};

interface Given {
  /** Further routes, by node. */
  routes: Record<string, string>;
  /** Where the request comes in. */
  at: { node: string; interface: string; sender: string };
  /** Who asks. */
  client: string;
}

/** What becomes of the client's request at node1, where node2 answers by this route. */
async function fateBy(t: ExecutionContext, answer: string, given: Partial<Given> = {}): Promise<Fate> {
  return (await tripBy(t, answer, given)).fate;
}

async function tripBy(t: ExecutionContext, answer: string, given: Partial<Given>): Promise<RoundTrip> {
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
    write('ip-route.txt', [...own, routes[node], given.routes?.[node] ?? ''].join('\n'));
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
  const { node, ...from } = given.at ?? { node: 'node1', interface: 'a', sender: '10.9.1.2' };
  const entry = {
    station: network.station(node, null)!,
    ...from,
    isPod: false,
    isGuess: false,
    why: '',
    assumed: [],
    unknown: [],
  };
  const trips = roundTrips(network, entry, {
    source: given.client ?? CLIENT,
    destination: VIP,
    protocol: 'tcp',
    sourcePort: 40_001,
    destinationPort: 80,
  });
  t.is(trips.length, 1);
  return trips[0]!;
}

test('back by the node that the request came by: answered', async (t) => {
  t.deepEqual(await fateBy(t, 'via 10.9.2.1 dev a'), { kind: 'answered' });
});

test('straight to the client: answered, though by another way', async (t) => {
  t.deepEqual(await fateBy(t, 'via 10.9.3.2 dev b'), { kind: 'answered-elsewhere' });
});

test('right out on a link that the client is not on: not known to be answered', async (t) => {
  const fate = await fateBy(t, 'dev a');
  t.is(fate.kind, 'unknown');
  t.regex(
    fate.kind === 'unknown' ? fate.why : '',
    /by a of node2 for 10\.9\.9\.9, and client, .* on another link/,
  );
});

test('its twins: right out on a link that it is on, or on one to which another route says that it has a network', async (t) => {
  t.deepEqual(await fateBy(t, 'dev b'), { kind: 'answered-elsewhere' });
  const routes = { node2: '10.9.3.0/24 dev a scope link' };
  t.deepEqual(await fateBy(t, 'dev a', { routes }), { kind: 'answered-elsewhere' });
});

test('back to the router that the request came from, which has a snapshot: what it makes of it is its own affair', async (t) => {
  const at = { node: 'node2', interface: 'a', sender: '10.9.2.1' };
  t.deepEqual(await fateBy(t, 'via 10.9.2.1 dev a', { at }), { kind: 'answered' });
});

test('to the same router by another link: another way, and it is said that it is the same router', async (t) => {
  // Here `client` is a router with a link to each node, and passes the reply on to whom no snapshot tells of.
  const at = { node: 'node2', interface: 'a', sender: '10.9.1.2' };
  const routes = { client: `${STRANGER} via 10.9.1.99 dev a`, node2: `${STRANGER} via 10.9.3.2 dev b` };
  t.deepEqual(await fateBy(t, 'via 10.9.3.2 dev b', { at, routes, client: STRANGER }), {
    kind: 'answered-elsewhere',
    router: 'client',
  });
});

test('in words; of a reply whose request is not followed, its own way once', async (t) => {
  const trip = await tripBy(t, 'via 10.9.2.1 dev a', {});
  const there =
    '10.9.9.9:40001 > 10.99.0.10:80 goes by a into node1, by a into node2, to 10.99.0.10:80 on node2';
  const back = 'from node2, by b into node1, by a into client, to 10.9.9.9:40001 on client';
  t.is(roundTripText(trip), `${there}; the reply goes ${back} as 10.99.0.10:80`);
  t.is(roundTripText({ ...trip, reply: trip.request }), `the reply ${there}`);
});
