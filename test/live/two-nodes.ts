import type { ExecutionContext } from 'ava';
import { Ground } from '../lab/ground.js';

/** `n1` (10.8.0.1) and `n2` (10.8.0.2), which see each other by `eth0`, until the test ends. */
export async function twoNodes(t: ExecutionContext): Promise<Ground> {
  t.timeout(120_000);
  const ground = new Ground();
  t.teardown(() => ground.teardown());
  for (const name of ['n1', 'n2']) await ground.add(name);
  await ground.join(['n1', 'eth0', '10.8.0.1'], ['n2', 'eth0', '10.8.0.2']);
  await ground.ip('n1', ['addr add 10.8.0.1/24 dev eth0']);
  await ground.ip('n2', ['addr add 10.8.0.2/24 dev eth0']);
  return ground;
}
