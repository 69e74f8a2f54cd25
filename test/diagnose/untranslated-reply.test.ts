/** Replies that leave with the backend's address: lost in silence, refused by the client, or none of it. */
import test from 'ava';
import { EditedScenario } from './edited-bundle.js';

const DROPPED = 'untranslated-dropped';

test('lost without a reset: probable, and the translator is named', async (t) => {
  const { findings } = await new EditedScenario(t, DROPPED).analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface]),
    [['untranslated-reply', 'probable', 'fault', 'worker-b', 'ens192']],
  );
  t.regex(findings[0]!.summary, /round worker-a, which translated the request/);
  t.true(findings[0]!.evidence.some((e) => e.kind === 'route' && e.node === 'worker-b'));
});

test("from the backend's node alone the translation is inferred: possible, and it says so", async (t) => {
  const { findings, gaps } = await new EditedScenario(t, DROPPED).analyze(['worker-b']);
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['untranslated-reply', 'possible', 'worker-b', 'ens192']],
  );
  t.regex(findings[0]!.summary, /seems to have translated it/);
  t.true(gaps.some((gap) => /behind its translation alone/.test(gap.why)));
});

test('where nothing makes the backend one of a Service, its own address may be what was asked', async (t) => {
  const scenario = new EditedScenario(t, DROPPED).without(
    'worker-b',
    'iptables-save.txt',
    'ip6tables-save.txt',
    'nft.json',
    'conntrack.txt',
  );
  const found = await scenario.findings(['worker-b']);
  t.deepEqual(
    found.filter((f) => f.startsWith('untranslated-reply')),
    [],
  );
});

test("the client's refusal proves it, by TCP, UDP and IPv6", async (t) => {
  for (const scenario of ['untranslated-loose', 'untranslated-udp', 'untranslated-ipv6']) {
    const { findings } = await new EditedScenario(t, scenario).analyze();
    t.deepEqual(
      findings.map((f) => [f.cause, f.confidence, f.severity]),
      [['untranslated-reply', 'confirmed', 'fault']],
      scenario,
    );
  }
});

test('direct return bears the address that was asked, and is healthy', async (t) => {
  for (const scenario of ['direct-return', 'direct-return-ethernet']) {
    t.deepEqual(await new EditedScenario(t, scenario).findings(), [], scenario);
    t.deepEqual(await new EditedScenario(t, scenario).findings(['worker-b']), [], scenario);
  }
});

test('a reply captured before its translation alone is none that left untranslated', async (t) => {
  const found = await new EditedScenario(t, 'healthy-no-masquerade').findings(['node2']);
  t.deepEqual(found, []);
});
