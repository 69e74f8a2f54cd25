/** A VIP that nothing was captured of, most likely a slip: said before anything is told of others. */
import test from 'ava';
import { bundlesIn } from '../scenarios/truth.js';
import { fixture } from '../support.js';
import { returnpath } from './run.js';

const STRICT = bundlesIn(fixture('rp-filter-strict'));

const UNSEEN = (address: string) =>
  new RegExp(`No connection to ${address.replaceAll('.', '\\.')} was captured: is the address right`);

/** On one line, however it was wrapped. */
const flat = (text: string) => text.replace(/\s+/g, ' ');

test('of none that was asked for: it is the first that is said', async (t) => {
  const { status, stdout } = await returnpath(['analyze', ...STRICT, '--vip', '192.168.1.101']);
  t.is(status, 1);
  t.regex(
    flat(stdout),
    new RegExp(`^UNCLEAR ${UNSEEN('192.168.1.101').source}.*All that follows is of other`),
  );
  t.regex(stdout, /^FAULT {4}rp-filter/m);
});

test('of one of two: a caution', async (t) => {
  const args = ['analyze', ...STRICT, '--vip', '192.168.1.100', '--vip', '10.1.1.1'];
  const { stdout } = await returnpath(args);
  t.regex(flat(stdout), new RegExp(`CAUTION ${UNSEEN('10.1.1.1').source}`));
  t.notRegex(flat(stdout), /of other connections/);
});

test('of one that was captured, and of none: nothing', async (t) => {
  for (const vips of [['--vip', '192.168.1.100'], []]) {
    const { stdout } = await returnpath(['analyze', ...STRICT, ...vips]);
    t.notRegex(flat(stdout), /No connection to/);
  }
});

test('a comparison of others is one with a caution', async (t) => {
  const { stdout } = await returnpath([
    ...['diff', '--vip', '10.9.9.9', '--before', ...STRICT],
    ...['--after', ...bundlesIn(fixture('healthy-masquerade'))],
  ]);
  t.regex(flat(stdout), /caution: Of a VIP that was asked for, no connection was captured/);
});

test('what a prediction supposes is said in it, and kept with it', async (t) => {
  const change = ['--set', 'node2:net.ipv4.conf.flannel/1.rp_filter=2'];
  const args = ['predict', ...STRICT, '--vip', '192.168.1.100', ...change];
  const { stdout } = await returnpath(args);
  const said =
    /CAUTION Nobody has made this change, which is supposed here: node2: with .*rp_filter=2 \(was 1\)/;
  t.regex(flat(stdout), said);
  const json = await returnpath([...args, '--format', 'json']);
  t.deepEqual(JSON.parse(json.stdout).supposed, ['node2: with net.ipv4.conf.flannel/1.rp_filter=2 (was 1)']);
  const plain = await returnpath(['predict', ...STRICT, '--vip', '192.168.1.100', '--format', 'json']);
  t.false('supposed' in JSON.parse(plain.stdout));
});
