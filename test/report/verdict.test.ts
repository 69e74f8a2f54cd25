/** The verdict's words, held against what was lost: each beside a twin that is told otherwise. */
import test, { type ExecutionContext } from 'ava';
import { factRows } from '../../src/report/terminal/finding.js';
import { verdictItems } from '../../src/report/verdict.js';
import { Altered } from '../diagnose/altered.js';

async function verdict(t: ExecutionContext, scenario: string): Promise<string> {
  return verdictItems(await new Altered(t, scenario).analyze())[0]!.what;
}

test('of a reply that its node never let out, it is the reply that is told as lost', async (t) => {
  t.is(await verdict(t, 'no-route-local-server'), 'lb-3 has no route for replies from 172.31.255.80:8443.');
  t.is(
    await verdict(t, 'filtered-output'),
    'a firewall rule on lb-3 drops or rejects replies from 172.31.255.80:8443.',
  );
});

test('its twins: a request that is dropped where it comes in, and where it should be passed on', async (t) => {
  t.regex(
    await verdict(t, 'filtered-input'),
    /drops or rejects requests for 172\.31\.255\.80\S* .* by ens19/,
  );
  t.regex(await verdict(t, 'no-route-blackhole'), /no route for requests for 172\.20\.5\.200.* by ens192/);
});

test('that settings demand a loss is said of drops alone', async (t) => {
  const certainty = async (scenario: string) => {
    const analysis = await new Altered(t, scenario).analyze();
    const rows = factRows(analysis.findings[0]!, null, analysis);
    return rows.find(([label]) => label === 'Certainty')![1];
  };
  t.regex(await certainty('filtered-input'), /^probable: .* says that they must$/);
  for (const scenario of ['backend-silent', 'wrong-gateway', 'not-delivered-wrong-entry']) {
    t.notRegex(await certainty(scenario), /must/, scenario);
  }
});
