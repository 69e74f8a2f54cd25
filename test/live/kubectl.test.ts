/** Nodes by debugging pods, with a `kubectl` that stands in for the cluster. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { testInNamespaces } from '../gates.js';
import { Ground } from '../lab/ground.js';
import { scratch } from '../scratch.js';
import { PATH } from './capture-run.js';
import { leftovers } from './leftovers.js';
import { LiveRun } from './live-run.js';

const test = testInNamespaces('tcpdump', 'nft', 'nstat', 'ping');

/** Runs the command in a namespace as `kubectl debug` does in a pod, and writes down how it was called. */
const KUBECTL = (namespace: string, calls: string) => `#!/bin/sh
printf '%s\\n' "$*" | head -n 1 >>${calls}
case " $* " in
  *" delete pod "*) exit 0 ;;
  *" node/forbidden "*)
    echo 'Error from server (Forbidden): pods is forbidden: User "x" cannot create resource "pods"' >&2
    exit 1 ;;
esac
while [ "$1" != -- ]; do shift; done
shift
echo 'Creating debugging pod node-debugger-worker-1-x7k2p with container debugger on node worker-1.' >&2
echo "If you don't see a command prompt, try pressing enter." >&2
exec ip netns exec ${namespace} "$@"
`;

test('a debugging pod: recorded, and deleted after; without the rights a line and a gap', async (t) => {
  t.timeout(90_000);
  const ground = new Ground();
  t.teardown(() => ground.teardown());
  await ground.add('n1');
  await ground.add('n2');
  await ground.join(['n1', 'eth0', '10.8.0.1'], ['n2', 'eth0', '10.8.0.2']);
  await ground.ip('n1', ['addr add 10.8.0.1/24 dev eth0']);
  await ground.ip('n2', ['addr add 10.8.0.2/24 dev eth0']);
  await ground.sysctl('n1', { 'net.ipv4.conf.all.log_martians': 0 });
  const directory = scratch(t);
  const bin = join(directory, 'bin');
  const calls = join(directory, 'calls');
  mkdirSync(bin);
  writeFileSync(join(bin, 'kubectl'), KUBECTL(ground.namespace('n1'), calls), { mode: 0o755 });
  const left = await leftovers(ground, ['n1']);
  const url = 'w1=kubectl://worker-1?context=prod&image=debug:1&namespace=net';
  const args = ['--node', url, '--node', 'kubectl://forbidden', '--duration', '0', '--log-martians'];
  const env = { ...process.env, PATH: `${bin}${delimiter}${PATH}` };
  const run = new LiveRun(args, { env });
  t.teardown(() => run.end('SIGKILL'));
  await run.capturing(['w1']);
  await ground.run('n1', ['ping', '-c', '2', '-i', '0.2', '10.8.0.2']);
  await ground.sleep(1500);
  const { status, analysis } = await run.end();
  t.is(status, 0, JSON.stringify(analysis?.findings));
  t.is(analysis!.totals[0]!.outcomes.established, 2);
  const gap = analysis!.gaps.find(({ node }) => node === 'forbidden');
  t.regex(gap?.why ?? '', /could not be recorded by kubectl:\/\/forbidden: Error from server \(Forbidden\)/);
  t.is(run.messages.filter((line) => line.includes('Forbidden')).length, 1);
  const called = readFileSync(calls, 'utf8');
  t.regex(
    called,
    /^--context=prod --namespace=net debug node\/worker-1 --image=debug:1 --profile=sysadmin --stdin -- sh -c /m,
  );
  t.regex(called, /^--context=prod --namespace=net delete pod node-debugger-worker-1-x7k2p --wait=false$/m);
  t.is(called.match(/delete pod/g)!.length, 1);
  t.deepEqual(await leftovers(ground, ['n1']), left);
});
