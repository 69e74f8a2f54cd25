/** Who opens a probe's connections: from this process, and by the script that runs on nodes. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { HereOpener } from '../../src/live/probe/here.js';
import { NodeShell } from '../../src/live/probe/node-shell.js';
import { type Opened, type Opener, PORT_IN_USE } from '../../src/live/probe/opener.js';
import { openedBy } from '../../src/live/probe/said.js';
import { parseTransport } from '../../src/live/transports/registry.js';
import type { ProbeResult } from '../../src/model/analysis.js';
import { has } from '../support.js';

const node = { name: 'here', transport: parseTransport('local') };

/** On loopback, with the clients' ports. */
async function serve(t: ExecutionContext, answer: (socket: Socket) => void = () => {}) {
  const ports: (number | undefined)[] = [];
  const octets: number[] = [];
  const server: Server = createServer((socket) => {
    ports.push(socket.remotePort);
    socket.on('error', () => {});
    socket.on('data', (data) => octets.push(data.length));
    socket.on('end', () => socket.end());
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const address = server.address();
  return { port: typeof address === 'object' ? address!.port : 0, ports, octets, server };
}

/** Some that are free, now. */
async function freePorts(t: ExecutionContext, count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => serve(t)));
  await Promise.all(servers.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return servers.map(({ port }) => port);
}

const KINDS: Record<string, (port: number, most: number) => Opener> = {
  'this process': (port) => new HereOpener('127.0.0.1', port),
  ...(has(['curl']) && {
    'the script': (port: number, most: number) => new NodeShell(node, '127.0.0.1', port, most, 10_000),
  }),
};

for (const [name, open] of Object.entries(KINDS)) {
  test(`${name}: made from the given ports, with nothing sent; refused where nobody listens`, async (t) => {
    const { port, ports, octets } = await serve(t);
    const [first, second, third, closed] = await freePorts(t, 4);
    const opener = open(port, 2);
    t.is(await opener.begin(), '127.0.0.1');
    const opened = await Promise.all([opener.open(first!), opener.open(second!)]);
    for (const one of opened) {
      t.like(one, { result: 'connected', why: null });
      const { tookMs } = one as Opened;
      t.true(tookMs > 0 && tookMs < 3000, `parts of a millisecond count: ${tookMs}`);
    }
    await opener.end();
    t.deepEqual(ports.sort(), [first, second].sort());
    t.deepEqual(octets, []);
    const other = open(closed!, 1);
    await other.begin();
    t.like(await other.open(third!), { result: 'refused', why: null });
    await other.end();
  });

  test(`${name}: a port that is another's`, async (t) => {
    const { port, ports } = await serve(t);
    const { port: taken } = await serve(t);
    const opener = open(port, 1);
    await opener.begin();
    t.is(await opener.open(taken), PORT_IN_USE);
    await opener.end();
    t.deepEqual(ports, []);
  });
}

test('a server that accepts and resets', async (t) => {
  const { port } = await serve(t, (socket) => socket.resetAndDestroy());
  const [from] = await freePorts(t, 1);
  const opener = new HereOpener('127.0.0.1', port);
  t.like(await opener.open(from!), { result: 'reset' });
});

(has(['curl']) ? test : test.skip)('the script opens no more than it was told it may', async (t) => {
  const { port, ports } = await serve(t);
  const from = await freePorts(t, 3);
  const shell = new NodeShell(node, '127.0.0.1', port, 2, 10_000);
  await shell.begin();
  t.like(await shell.open(from[0]!), { result: 'connected' });
  t.like(await shell.open(from[1]!), { result: 'connected' });
  const third = shell.open(from[2]!);
  await shell.end();
  t.is(await third, null);
  t.is(ports.length, 2);
});

/** As the programs say it. */
const SAID: [string, ProbeResult | typeof PORT_IN_USE][] = [
  ['nc: connect to 192.168.1.100 port 80 (tcp) failed: Connection refused', 'refused'],
  ['nc: connect to 192.168.1.100 port 80 (tcp) timed out: Operation now in progress', 'timeout'],
  ['nc: bind failed: Address already in use', PORT_IN_USE],
  ['Ncat: TIMEOUT.', 'timeout'],
  ['Ncat: No route to host.', 'unreachable'],
  ['(UNKNOWN) [192.168.1.100] 80 (?) : Network is unreachable', 'unreachable'],
  ['* connect to 192.168.1.100 port 80 failed: Connection refused * Closing connection 0', 'refused'],
  ['* Immediate connect fail for 192.168.1.100: No route to host', 'unreachable'],
  ['* bind failed with errno 98: Address already in use', PORT_IN_USE],
  ['* Connection timed out after 3001 milliseconds', 'timeout'],
  ['* Recv failure: Connection reset by peer', 'reset'],
];

for (const [text, result] of SAID) {
  test(`it said: ${text}`, (t) => {
    const opened = openedBy(1, text, 12, 3000);
    t.is(opened === PORT_IN_USE ? opened : opened.result, result);
  });
}

test('it said what nobody knows, or nothing', (t) => {
  t.like(openedBy(7, 'the sky fell', 12, 3000), { result: 'error', why: 'the sky fell' });
  t.like(openedBy(1, '', 3004, 3000), { result: 'timeout' });
  t.like(openedBy(9, '', 12, 3000), { result: 'error', why: 'it ended with status 9' });
});
