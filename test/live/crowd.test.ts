/** Twenty nodes at once, of which one loses its replies. */
import { testInNamespaces } from '../gates.js';
import { macOf } from '../lab/addresses.js';
import { Ground } from '../lab/ground.js';
import { leftovers } from './leftovers.js';
import { LiveRun } from './live-run.js';

const test = testInNamespaces('tcpdump', 'nft', 'nstat', 'ping');
const COUNT = 20;
const PORT = 7000;

test('twenty nodes, one lost reply: found, and where', async (t) => {
  t.timeout(120_000);
  const ground = new Ground();
  t.teardown(() => ground.teardown());
  const nodes = Array.from({ length: COUNT }, (_, i) => `n${i + 1}`);
  await ground.add('hub');
  for (const [i, name] of nodes.entries()) {
    await ground.add(name);
    await ground.join([name, 'eth0', `10.9.${i}.2`], ['hub', name, `10.9.${i}.1`]);
    await ground.ip('hub', [`addr add 10.9.${i}.1/24 dev ${name}`]);
    await ground.ip(name, [`addr add 10.9.${i}.2/24 dev eth0`]);
    await ground.sysctl(name, { 'net.ipv4.conf.all.log_martians': 0 });
  }
  // The hub asks n13 by a second link; what comes back by the first fails the hub's strict check.
  await ground.join(['n13', 'eth1', '10.9.112.2'], ['hub', 'n13b', '10.9.112.1']);
  await ground.ip('hub', [
    'addr add 10.9.112.1/24 dev n13b',
    'route add 10.9.12.2/32 via 10.9.112.2 dev n13b src 10.9.12.1',
  ]);
  await ground.ip('n13', [
    'addr add 10.9.112.2/24 dev eth1',
    `neigh replace 10.9.12.1 lladdr ${macOf('10.9.12.1')} dev eth0`,
  ]);
  await ground.sysctl('n13', { 'net.ipv4.conf.all.rp_filter': 0, 'net.ipv4.conf.eth1.rp_filter': 0 });
  await ground.sysctl('hub', { 'net.ipv4.conf.n13.rp_filter': 1, 'net.ipv4.conf.all.log_martians': 0 });
  const server = `require('node:net').createServer((s) => s.on('error', () => {})).listen(${PORT}, () => console.log('ready'))`;
  for (const name of nodes) await ground.start(name, [process.execPath, '-e', server], /ready/);
  const left = await leftovers(ground, nodes);
  const flags = nodes.flatMap((name) => ['--node', `${name}=netns://${ground.namespace(name)}`]);
  const run = new LiveRun([
    ...flags,
    '--node',
    `hub=netns://${ground.namespace('hub')}`,
    '--duration',
    '0',
    '--log-martians',
  ]);
  t.teardown(() => run.end('SIGKILL'));
  await run.capturing([...nodes, 'hub']);
  await Promise.all(
    nodes.map((_, i) => {
      const connect = `require('node:net').connect(${PORT}, '10.9.${i}.2', () => process.exit())`;
      const client = `${connect}; setTimeout(() => process.exit(), 3500)`;
      return ground.run('hub', [process.execPath, '-e', client], { mayFail: true });
    }),
  );
  await ground.sleep(2000);
  const { status, analysis } = await run.end();
  t.is(status, 1, JSON.stringify([analysis?.findings, analysis?.totals]));
  const faults = analysis!.findings.filter(({ severity }) => severity === 'fault');
  t.deepEqual(
    faults.map(({ cause, node, interface: device }) => `${cause} ${node} ${device}`),
    ['rp-filter hub n13'],
  );
  t.is(new Set(analysis!.inputs.map(({ node }) => node)).size, COUNT + 1);
  t.is(
    analysis!.totals.reduce((sum, { outcomes }) => sum + outcomes.established, 0),
    COUNT - 1,
  );
  t.deepEqual(await leftovers(ground, nodes), left);
});
