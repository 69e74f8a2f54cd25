import test from 'ava';
import { Lanes } from './lanes.js';

test('as many as there are lanes run side by side, and who wants to be alone is', async (t) => {
  const lanes = new Lanes(2);
  const events: string[] = [];
  const task = (name: string) => async () => {
    events.push(`+${name}`);
    await new Promise((resolve) => setImmediate(resolve));
    events.push(`-${name}`);
    return name;
  };
  const results = await Promise.all([
    lanes.run(task('a')),
    lanes.run(task('b')),
    lanes.alone(task('c')),
    lanes.run(task('d')),
  ]);
  t.deepEqual(results, ['a', 'b', 'c', 'd']);
  t.deepEqual(events, ['+a', '+b', '-a', '-b', '+c', '-c', '+d', '-d']);
});

test('a task that fails gives its lane back', async (t) => {
  const lanes = new Lanes(1);
  await t.throwsAsync(
    lanes.alone(() => Promise.reject(new Error('lost'))),
    { message: 'lost' },
  );
  t.is(await lanes.run(() => Promise.resolve(1)), 1);
});
