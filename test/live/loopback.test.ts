/** What a node sends itself is seen once, as coming in by its loopback device, and is judged as the kernel does. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { testInNamespaces } from '../gates.js';
import { Ground } from '../lab/ground.js';
import { scratch } from '../scratch.js';
import { CaptureRun, captureArgv } from './capture-run.js';
import { found } from './found.js';

const test = testInNamespaces('tcpdump', 'nft', 'nstat', 'ping');

const OWN = '10.8.0.1';
/** Answers a datagram and a connection, and asks for both by itself. */
const TALK = `
const net = require('node:net');
const datagrams = require('node:dgram');
const server = datagrams.createSocket('udp4', (text, { address, port }) => server.send(text, port, address));
server.bind(5300, () => {
  const client = datagrams.createSocket('udp4', () => client.close());
  client.send('a question', 5300, '${OWN}');
});
net.createServer((socket) => socket.end('made')).listen(88, () => {
  const socket = net.connect(88, '127.0.0.1');
  socket.resume();
});
setTimeout(() => process.exit(), 2000);
`;

/** What is found where a node talks to itself, with or without a rule against that. */
async function selfTalk(t: ExecutionContext, rule: string | null): Promise<Analysis> {
  t.timeout(60_000);
  const ground = new Ground();
  t.teardown(() => ground.teardown());
  await ground.add('n1');
  await ground.add('n2');
  await ground.sysctl('n1', { 'net.ipv6.conf.lo.disable_ipv6': 0 });
  await ground.join(['n1', 'eth0', OWN], ['n2', 'eth0', '10.8.0.2']);
  await ground.ip('n1', [`addr add ${OWN}/24 dev eth0`]);
  if (rule !== null) {
    const input = 'add table inet t; add chain inet t in { type filter hook input priority 0; }; ';
    await ground.run('n1', ['nft', `${input}add rule inet t in ${rule}`]);
  }
  const out = scratch(t);
  const argv = captureArgv('--node', 'n1', '--duration', '0', '--out', out);
  const run = new CaptureRun(ground.namespace('n1'), argv);
  t.teardown(() => run.end('SIGKILL'));
  await run.capturing();
  for (const to of ['127.0.0.1', OWN, '::1']) {
    await ground.run('n1', ['ping', '-c', '2', '-i', '0.2', '-W', '1', to]);
  }
  await ground.run('n1', [process.execPath, '-e', TALK]);
  await sleep(1500);
  t.is((await run.end()).status, 0);
  return analyze([join(out, 'n1.tar.gz')], {
    vips: [],
    keepGoing: false,
    attempts: 'all',
    warn: () => {},
  });
}

function outcomes({ attempts }: Analysis): string[] {
  return [...new Set(attempts.map(({ protocol, outcome }) => `${protocol} ${outcome}`))].sort();
}

test('what is answered is no fault', async (t) => {
  const analysis = await selfTalk(t, null);
  t.deepEqual(found(analysis), []);
  t.deepEqual(outcomes(analysis), ['icmp established', 'tcp established', 'udp established']);
  t.is(analysis.attempts.length, 8);
});

test('a rule that drops what comes in by it is named', async (t) => {
  const analysis = await selfTalk(t, 'iif lo tcp dport 88 drop');
  t.deepEqual(found(analysis), ['filtered n1 lo']);
  t.deepEqual(outcomes(analysis), ['icmp established', 'tcp no-reply', 'udp established']);
  t.regex(analysis.findings[0]!.summary, /iif "lo" tcp dport 88 drop/);
});
