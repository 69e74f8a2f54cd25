/** What drops ACKs whatever their connection: not the fault of the way that the replies take. */
import test from 'ava';
import { EditedScenario } from './edited-bundle.js';

const BY_IT = 'filtered-acknowledgements';
const ROUND_IT = 'filtered-acknowledgements-gone-round';
const RULE = '-A FORWARD -p tcp -m tcp --tcp-flags SYN,ACK ACK -j DROP';
const capturesOf = (scenario: EditedScenario, node: string) =>
  scenario.filesOf(node).filter((name) => name.includes('pcap'));

const OF_CLIENTS = 'iptables -I FORWARD 1 -i wan -d 172.31.255.80 -p tcp -m tcp --dport 8443 -j ACCEPT';
const OF_SERVERS = 'iptables -I FORWARD 2 -i lan -s 172.31.255.80 -p tcp -m tcp --sport 8443 -j ACCEPT';

for (const [name, commands] of [
  [BY_IT, [OF_CLIENTS, OF_SERVERS]],
  // The server's go another way.
  [ROUND_IT, [OF_CLIENTS]],
] as const) {
  test(`${name}: the rule, and the ACK that came in and did not leave`, async (t) => {
    const { findings } = await new EditedScenario(t, name).analyze();
    t.deepEqual(
      findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface, f.attempts.length]),
      [['filtered', 'probable', 'fault', 'gw2', 'wan', 3]],
    );
    const [{ evidence, alternatives, summary }] = findings as [(typeof findings)[0]];
    t.true(summary.includes(RULE));
    t.true(evidence.some((e) => e.kind === 'rule' && e.node === 'gw2' && e.text.startsWith(RULE)));
    t.true(evidence.some((e) => /^ACK .* came in by wan and did not leave/.test(e.text)));
    t.true(alternatives.some((a) => a.cause === 'stateful-gateway'));
    t.regex(findings[0]!.fix!.expected, / The ACKs that follow are dropped no more\./);
    t.deepEqual(
      findings[0]!.fix!.commands.map((c) => [c.node, c.command]),
      commands.map((command) => ['gw2', command]),
    );
  });

  test(`${name}: the gateway alone tells it as well`, async (t) => {
    const { findings } = await new EditedScenario(t, name).analyze(['gw2']);
    t.deepEqual(
      findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
      [['filtered', 'probable', 'gw2', 'wan']],
    );
    t.regex(findings[0]!.noFix!, /^let the ACKs through on gw2 .*; it could not be tried: /);
  });

  test(`${name}: by the rules of a gateway that was not captured, possible`, async (t) => {
    const scenario = new EditedScenario(t, name);
    const { findings, gaps } = await scenario.without('gw2', ...capturesOf(scenario, 'gw2')).analyze();
    t.deepEqual(
      findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
      [['filtered', 'possible', 'gw2', 'wan']],
    );
    t.true(gaps.some((gap) => gap.node === 'gw2'));
  });

  test(`${name}: a rule that does not take these ACKs is not accused of it`, async (t) => {
    const scenario = new EditedScenario(t, name);
    const found = await scenario
      .edit('gw2', 'iptables-save.txt', (text) =>
        text.replace(RULE, RULE.replace('-p tcp', '-p tcp -s 192.0.2.1')),
      )
      .without('gw2', 'nft.json')
      .findings();
    t.deepEqual(
      found.filter((f) => /^(filtered|stateful-gateway|wrong-gateway) /.test(f)),
      [],
    );
  });
}

test("the gateway's own record of the drop confirms it", async (t) => {
  const scenario = new EditedScenario(t, BY_IT);
  const { attempts } = await scenario.analyze();
  const { time } = attempts[0]!.path.find((step) => step.node === 'gw2')!;
  const uptime = 5000;
  scenario.write(
    'gw2',
    'clock.txt',
    `${(Date.parse(time!) / 1000).toFixed(9)}\n${uptime.toFixed(2)} 9000.00\n`,
  );
  const line = `          <idle>-0       [001] ..s1.  ${(uptime + 0.005).toFixed(6)}: kfree_skb: skbaddr=00000000c0ffee00 rx_sk=0000000000000000 protocol=2048 location=nft_do_chain+0x1 reason: NETFILTER_DROP\n`;
  scenario.write('gw2', 'drops.txt', line);
  t.deepEqual(await scenario.findings(), ['filtered confirmed fault gw2 wan']);
});

test('its twin, where a rule before it accepts: nothing is found', async (t) => {
  t.deepEqual(await new EditedScenario(t, `${BY_IT}-accepted-before`).findings(), []);
});

test('a rule on the state alone is the stateful gateway still', async (t) => {
  const found = await new EditedScenario(t, 'stateful-gateway-recorded').findings();
  t.deepEqual(found, ['stateful-gateway probable fault lb-3 ens18']);
});

test("at the server's own node there is no way out to be seen on: its rule, and the SYN-ACK that is sent again", async (t) => {
  const scenario = new EditedScenario(t, 'filtered-acknowledgements-input');
  const { findings } = await scenario.analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface, f.attempts.length]),
    [['filtered', 'probable', 'fault', 'node1', 'eth1', 3]],
  );
  t.true(
    findings[0]!.evidence.some((e) => /^ACK .* came in by eth1 and did not come to the server/.test(e.text)),
  );
  t.deepEqual(
    findings[0]!.fix!.commands.map((c) => c.command),
    ['iptables -I INPUT 2 -i eth1 -d 10.9.8.7 -p tcp -m tcp --dport 80 -j ACCEPT'],
  );
  // A rule that lets the ACKs in: whoever sends its SYN-ACK again may wait for data (TCP_DEFER_ACCEPT).
  const open = scenario.edit('node1', 'iptables-save.txt', (text) => text.replace('-j DROP', '-j ACCEPT'));
  t.false((await open.findings()).some((found) => found.startsWith('filtered')));
});

const UNMARKED = 'rp-filter-acknowledgement';
const CONFIRMED = 'rp-filter confirmed fault node1 eth1';
const LOGGED = /^.*martian source 10\.9\.8\.7 from 10\.0\.0\.5, on dev eth1\n.*ll header.*\n/gm;

/** Its kernel recorded nothing of the drops. */
function unrecorded(scenario: EditedScenario): EditedScenario {
  return scenario
    .edit('node1', 'kernel.log', (text) => text.replace(LOGGED, ''))
    .without('node1', 'drops.txt');
}

test('the SYN bears a mark and has a way back, and the ACK has none: the reverse-path check', async (t) => {
  const { findings } = await new EditedScenario(t, UNMARKED).analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface, f.attempts.length]),
    [['rp-filter', 'confirmed', 'fault', 'node1', 'eth1', 3]],
  );
  const [{ summary, evidence }] = findings as [(typeof findings)[0]];
  t.regex(summary, /The SYN passes, as it bears mark 0x1 there, and the ACK no mark\./);
  const kinds = ['packet', 'martian', 'route', 'drop-reason', 'counter', 'sysctl', 'capture'];
  t.deepEqual([...new Set<string>(evidence.map(({ kind }) => kind))], kinds);
});

test('without a record of the kernel, the settings make it probable, and what would confirm it is asked for', async (t) => {
  const { findings, gaps } = await unrecorded(new EditedScenario(t, UNMARKED)).analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['rp-filter', 'probable', 'node1', 'eth1']],
  );
  t.true(gaps.some(({ node, capture }) => node === 'node1' && capture!.includes('log_martians')));
});

test('the log alone tells it, where nothing is known of the settings', async (t) => {
  const settings = ['sysctl.txt', 'iptables-save.txt', 'nft.json', 'ip-rule.json', 'ip-route.json'];
  const scenario = new EditedScenario(t, UNMARKED).without('node1', ...settings, 'drops.txt');
  t.deepEqual(await scenario.findings(), [CONFIRMED]);
  const silent = scenario.edit('node1', 'kernel.log', (text) => text.replace(LOGGED, ''));
  t.false((await silent.findings()).some((found) => found.startsWith('rp-filter')));
});

test('settings that let the ACK in were changed after the drop, if the log is right: possible', async (t) => {
  const open = (scenario: EditedScenario) =>
    scenario.edit('node1', 'sysctl.txt', (text) => text.replace(/(eth1\.rp_filter) = 1/, '$1 = 2'));
  t.deepEqual(await open(new EditedScenario(t, UNMARKED)).findings(), [
    'rp-filter possible fault node1 eth1',
  ]);
  t.false(
    (await open(unrecorded(new EditedScenario(t, UNMARKED))).findings()).some((f) => f.startsWith('rp')),
  );
});

test('a counter that did not move speaks against it', async (t) => {
  const scenario = unrecorded(new EditedScenario(t, UNMARKED));
  scenario.write('node1', 'nstat-after.json', scenario.read('node1', 'nstat-before.json'));
  t.false((await scenario.findings()).some((found) => found.startsWith('rp-filter')));
});

for (const [name, found] of [
  [`${UNMARKED}-marked`, []],
  ['netfilter-rpfilter-acknowledgement', ['netfilter-rpfilter probable fault node1 eth1']],
  ['no-route-acknowledgement', ['no-route probable fault gw2 wan']],
] as const) {
  test(`${name}: ${found.join(', ') || 'nothing is found'}`, async (t) => {
    t.deepEqual(await new EditedScenario(t, name).findings(), found);
  });
}
