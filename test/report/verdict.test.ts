/** The verdict's words, held against what was lost: each beside a twin that is told otherwise. */
import test, { type ExecutionContext } from 'ava';
import { lossMark } from '../../src/report/terminal/causes.js';
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

test('of what did not arrive, the verdict says why', async (t) => {
  t.regex(
    await verdict(t, 'not-delivered-unanswered'),
    /: nobody answers ARP for 192\.168\.1\.100 on lan1\.$/,
  );
  t.regex(
    await verdict(t, 'not-delivered-wrong-entry'),
    /: router has the MAC 02:00:\S+ for 192\.168\.1\.100/,
  );
  t.regex(
    await verdict(t, 'not-delivered-stale-entry'),
    /: router still sends them to node1 \(eth0\), the old/,
  );
});

test('its twin: where nothing tells why, nothing is said', async (t) => {
  t.regex(await verdict(t, 'not-delivered-port-down'), /last seen on router lan1\.$/);
});

test('a request to the other owner of an address is said to have gone there, as its packet shows', async (t) => {
  for (const scenario of ['arp-conflict-stranger', 'arp-conflict-two-speakers']) {
    const analysis = await new Altered(t, scenario).analyze();
    const [finding] = analysis.findings;
    const lost = analysis.attempts.filter(
      (a) => finding!.attempts.includes(a.id) && a.outcome === 'no-reply',
    );
    t.true(lost.length > 0);
    for (const attempt of lost) t.is(lossMark(finding!, attempt), 'not answered: it went to the other owner');
  }
});
