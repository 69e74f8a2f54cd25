/** The command that records the kernel's reasons of drops, as a person pastes it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { RECORD_DROPS } from '../../src/ingest/snapshot/files.js';
import { scratch } from '../scratch.js';

/** Runs it, with another directory for tracefs, in an empty one; what stands after it runs there as well. */
function pasted(root: string, tracing: string): string {
  const at = join(root, 'bundle');
  mkdirSync(at);
  const command = RECORD_DROPS.replace('/sys/kernel/tracing', tracing).replace('timeout 30', 'timeout 1');
  execFileSync('sh', ['-c', `${command}; pwd > after.txt`], { cwd: at, stdio: 'ignore' });
  return at;
}

test('it leaves the shell where it was, and the event off', (t) => {
  const root = scratch(t);
  const tracing = join(root, 'tracing');
  mkdirSync(join(tracing, 'events/skb/kfree_skb'), { recursive: true });
  writeFileSync(join(tracing, 'trace_pipe'), 'a drop\n');
  const at = pasted(root, tracing);
  t.deepEqual(readdirSync(at).sort(), ['after.txt', 'clock.txt', 'drops.txt']);
  t.is(readFileSync(join(at, 'drops.txt'), 'utf8'), 'a drop\n');
  t.is(readFileSync(join(tracing, 'events/skb/kfree_skb/enable'), 'utf8'), '0\n');
});

test('without tracefs it writes no more than the clock', (t) => {
  const root = scratch(t);
  const at = pasted(root, join(root, 'nothing'));
  t.deepEqual(readdirSync(at).sort(), ['after.txt', 'clock.txt']);
  t.deepEqual(readdirSync(root), ['bundle']);
});
