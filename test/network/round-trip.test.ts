/** Where a reply ends: at a client that was recorded too, by the way that the request came, or by another. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readSnapshots } from '../../src/correlate/read-snapshots.js';
import { roundTripText } from '../../src/network/narrate.js';
import { Network } from '../../src/network/network.js';
import { type Fate, isMade, type RoundTrip, roundTrips } from '../../src/network/round-trip.js';
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
  /** Rules of node1's FORWARD. */
  rules: readonly string[];
  /** Rules of the client's INPUT. */
  firewall: readonly string[];
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
    const rules = (node === 'node1' ? given.rules : node === 'client' ? given.firewall : null) ?? [];
    write(
      'iptables-save.txt',
      ['*filter', ':INPUT ACCEPT [0:0]', ':FORWARD ACCEPT [0:0]', ...rules, 'COMMIT'].join('\n'),
    );
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
    tcp: 'syn',
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

test('the firewall of a client that was recorded too takes the reply for an answer, wherever the walk begins', async (t) => {
  const known = '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';
  const firewall = [known, '-A INPUT -j DROP'];
  t.deepEqual(await fateBy(t, 'via 10.9.2.1 dev a', { firewall }), { kind: 'answered' });
  t.deepEqual(await fateBy(t, 'via 10.9.3.2 dev b', { firewall }), { kind: 'answered-elsewhere' });
  const fate = await fateBy(t, 'via 10.9.2.1 dev a', { firewall: firewall.slice(1) });
  t.deepEqual(fate, { kind: 'lost', role: 'reply' });
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

const INVALID = '-A FORWARD -m conntrack --ctstate INVALID -j DROP';
const ACKS = '-A FORWARD -p tcp -m tcp --tcp-flags SYN,ACK ACK -j DROP';
const BY_NODE1 = 'via 10.9.2.1 dev a';
const ROUND_NODE1 = 'via 10.9.3.2 dev b';

/** Whose ACK node1 drops, and whether for want of the reply. */
async function lostAckBy(t: ExecutionContext, answer: string, ...rules: string[]) {
  const trip = await tripBy(t, answer, { rules });
  const { lostAck } = trip;
  t.is(isMade(trip), lostAck === null);
  if (lostAck === null) return null;
  const { end } = lostAck.journey;
  t.is(end.kind === 'dropped' && end.station.label, 'node1');
  return [lostAck.by, lostAck.wantsReply];
}

test('the reply goes round a node that drops what is INVALID: the ACK is lost for that; its twins are made', async (t) => {
  t.deepEqual(await lostAckBy(t, ROUND_NODE1, INVALID), ['client', true]);
  t.is(await lostAckBy(t, BY_NODE1, INVALID), null);
  t.is(await lostAckBy(t, ROUND_NODE1, '-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT', INVALID), null);
  t.is(await lostAckBy(t, ROUND_NODE1, INVALID.replace('DROP', 'ACCEPT')), null);
});

test('a rule that drops ACKs does so whatever is known; where it lets those of the client pass, those of the server are left', async (t) => {
  t.deepEqual(await lostAckBy(t, BY_NODE1, ACKS), ['client', false]);
  t.deepEqual(await lostAckBy(t, ROUND_NODE1, ACKS), ['client', false]);
  const hole = '-A FORWARD -p tcp -m tcp --dport 80 -j ACCEPT';
  t.deepEqual(await lostAckBy(t, BY_NODE1, hole, ACKS), ['server', false]);
  t.is(await lostAckBy(t, ROUND_NODE1, hole, ACKS), null);
  t.is(await lostAckBy(t, BY_NODE1, hole, hole.replace('dport', 'sport'), ACKS), null);
});

test('a rule that may or may not drop ACKs loses none for certain', async (t) => {
  t.is(
    await lostAckBy(
      t,
      BY_NODE1,
      ACKS.replace('-m tcp', '-m tcp -m statistic --mode random --probability 0.5'),
    ),
    null,
  );
  t.is(await lostAckBy(t, BY_NODE1, ACKS.replace('-j', '-m unheard-of --of it -j')), null);
});

test('a node that the request went round takes the ACK for a new connection, and translates it', async (t) => {
  const renamedOn = async (answer: string, ...nat: string[]) => {
    const rules = ['COMMIT', '*nat', ':POSTROUTING ACCEPT [0:0]', ...nat];
    const trip = await tripBy(t, answer, {
      rules,
      at: { node: 'node2', interface: 'b', sender: '10.9.3.2' },
    });
    t.is(isMade(trip), trip.lostAck === null);
    const { by, renamedBy } = trip.lostAck ?? {};
    return by && [by, renamedBy?.label];
  };
  const masquerade = '-A POSTROUTING -o a -j MASQUERADE';
  t.deepEqual(await renamedOn(BY_NODE1, masquerade), ['server', 'node1']);
  t.is(await renamedOn(ROUND_NODE1, masquerade), undefined);
  t.is(await renamedOn(BY_NODE1, masquerade.replace('-o a', '-o b')), undefined);
});

test('in words, an ACK that is lost', async (t) => {
  const trip = await tripBy(t, BY_NODE1, { rules: [ACKS] });
  t.regex(
    roundTripText(trip),
    /; the client's ACK goes from client, by a into node1, and is dropped by node1$|; the client's ACK goes by a into node1, and is dropped by node1$/,
  );
});
