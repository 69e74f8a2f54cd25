/** Pings that a machine takes in and does not answer: by its own settings, or for no reason that is known. */
import test, { type ExecutionContext } from 'ava';
import { Altered, RULES } from './altered.js';

async function knownOf(t: ExecutionContext, ignores: 0 | 1) {
  const open = new Altered(t, 'filtered-echo').without('drops.txt', ...RULES);
  open.write('lb-3', 'nft.json', '{"nftables":[]}').write('lb-3', 'iptables-save.txt', '');
  open.edit('lb-3', 'sysctl.txt', (text) =>
    text.replace(/(net\.ipv4\.icmp_echo_ignore_all) = .*/, `$1 = ${ignores}`),
  );
  const { findings } = await open.analyze();
  return findings.map(({ cause, known, evidence }) => ({ cause, known, kinds: evidence.map((e) => e.kind) }));
}

test('a machine that is set to answer no echoes is told as such', async (t) => {
  const [finding, ...others] = await knownOf(t, 1);
  t.deepEqual(others, []);
  t.is(finding!.cause, 'undetermined');
  t.regex(
    finding!.known!,
    /lb-3 has that address, and answers no echo requests: net\.ipv4\.icmp_echo_ignore_all is 1/,
  );
  t.true(finding!.kinds.includes('sysctl'));
});

test('its twin, that is not', async (t) => {
  const [finding] = await knownOf(t, 0);
  t.is(finding!.known, undefined);
});
