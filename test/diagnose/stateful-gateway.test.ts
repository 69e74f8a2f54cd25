/** A gateway that saw the SYN and not the SYN-ACK: what each side's captures tell of it. */
import test, { type ExecutionContext } from 'ava';
import { EditedScenario } from './edited-bundle.js';

const BOTH = 'stateful-gateway-recorded';
/** `nft -j list ruleset` without its rules. */
const noRules = (text: string) => {
  const { nftables } = JSON.parse(text) as { nftables: Record<string, unknown>[] };
  return JSON.stringify({ nftables: nftables.filter((object) => !('rule' in object)) });
};

test('from the server alone: possible, and it says what would look the same', async (t) => {
  const { findings, gaps } = await new EditedScenario(t, BOTH).analyze(['lb-3']);
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface]),
    [['stateful-gateway', 'possible', 'fault', 'lb-3', 'ens18']],
  );
  t.regex(findings[0]!.summary, /round the gateway 172\.31\.255\.254/);
  t.true(gaps.some((gap) => /gives up within a second/.test(gap.why)));
  t.true(findings[0]!.alternatives.some((a) => a.cause === 'wrong-gateway'));
});

test('with the gateway: its rule, and the ACK that came to it and went no farther', async (t) => {
  const { findings, totals } = await new EditedScenario(t, BOTH).analyze();
  // The client's ACK was captured: by its own account it is connected.
  t.is(totals[0]!.outcomes.established, 3);
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node, f.interface]),
    [['stateful-gateway', 'probable', 'lb-3', 'ens18']],
  );
  const texts = findings[0]!.evidence.map((e) => `${e.kind} ${e.node} ${e.text}`);
  t.true(texts.some((text) => /^rule gw2 .*ct state invalid/.test(text)));
  t.true(texts.some((text) => /^packet gw2 ACK .* came in by wan and never came to lb-3/.test(text)));
});

test("the gateway's own record of the drop confirms it", async (t) => {
  const scenario = new EditedScenario(t, BOTH);
  const { attempts } = await scenario.analyze();
  const { time } = attempts[0]!.path.find((step) => step.node === 'gw2')!;
  const seconds = Date.parse(time!) / 1000;
  const uptime = 5000;
  scenario.write('gw2', 'clock.txt', `${seconds.toFixed(9)}\n${uptime.toFixed(2)} 9000.00\n`);
  const line = (at: number) =>
    `          <idle>-0       [001] ..s1.  ${at.toFixed(6)}: kfree_skb: skbaddr=00000000c0ffee00 rx_sk=0000000000000000 protocol=2048 location=nft_do_chain+0x1 reason: NETFILTER_DROP\n`;
  scenario.write('gw2', 'drops.txt', line(uptime + 0.005));
  t.deepEqual(await scenario.findings(), ['stateful-gateway confirmed fault lb-3 ens18']);
});

test('from the gateway alone: it passed the SYN on, saw no SYN-ACK, and kept the ACK', async (t) => {
  const { findings, gaps } = await new EditedScenario(t, BOTH).analyze(['gw2']);
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.node]),
    [['stateful-gateway', 'probable', null]],
  );
  t.true(gaps.some((gap) => gap.capture?.startsWith('ip route get 203.0.113.45 from 172.31.255.80')));
});

test("the server's settings alone say by which way its replies leave", async (t) => {
  const scenario = new EditedScenario(t, BOTH);
  const captures = scenario.filesOf('lb-3').filter((name) => name.includes('pcap'));
  t.deepEqual(await scenario.without('lb-3', ...captures).findings(), [
    'stateful-gateway probable fault lb-3 ens18',
  ]);
});

test('a gateway without that rule lets the ACK pass: it is not accused', async (t) => {
  const scenario = new EditedScenario(t, BOTH).edit('gw2', 'nft.json', noRules);
  const found = await scenario.findings();
  t.deepEqual(
    found.filter((f) => f.startsWith('stateful-gateway')),
    [],
  );
});

test('a gateway whose rules leave it open whether they drop any ACK is accused of no more than a possibility', async (t) => {
  // As nft 1.0.6 lists a chain of a device, without the device's name.
  const place = { family: 'netdev', table: 'd' };
  const chain = { ...place, name: 'i', type: 'filter', hook: 'ingress', prio: 0, policy: 'accept' };
  const expr = [
    { match: { op: '==', left: { payload: { protocol: 'tcp', field: 'flags' } }, right: 'ack' } },
    { drop: null },
  ];
  const scenario = new EditedScenario(t, BOTH).edit('gw2', 'nft.json', () =>
    JSON.stringify({
      nftables: [
        { table: { family: 'netdev', name: 'd' } },
        { chain },
        { rule: { ...place, chain: 'i', expr } },
      ],
    }),
  );
  const found = await scenario.findings();
  t.deepEqual(
    found.filter((f) => f.startsWith('stateful-gateway')),
    ['stateful-gateway possible fault lb-3 ens18'],
  );
});

test('nothing is found where the gateway is lenient, or where the replies go back by it', async (t) => {
  for (const scenario of ['stateful-gateway-lenient', 'stateful-gateway-source-routed']) {
    t.deepEqual(await new EditedScenario(t, scenario).findings(), [], scenario);
  }
});

test('one capture of both interfaces shows as well that the ACK came in and did not leave', async (t) => {
  const { filesOf, one } = await asOneFile(t);
  t.deepEqual(filesOf, ['both.pcapng']);
  t.deepEqual(
    one.map((f) => [f.cause, f.confidence, f.node]),
    [['stateful-gateway', 'probable', null]],
  );
});

test('with the gateways beside the node: routed back by the one that has the connection', async (t) => {
  // A router that knows the client by another next hop than its frames come from, and nobody else.
  const scenario = new EditedScenario(t, BOTH).edit('gw2', 'ip-route.json', (text) =>
    text.replace('"dst":"default","gateway":"100.64.2.1"', '"dst":"203.0.113.45","gateway":"100.64.2.9"'),
  );
  const { findings } = await scenario.analyze();
  t.deepEqual(
    findings[0]!.fix?.commands.filter((c) => !c.persists).map((c) => `${c.node}: ${c.command}`),
    [
      'lb-3: ip route replace default via 172.31.255.254 dev ens19 onlink table 100',
      'lb-3: ip rule add from 172.31.255.80 lookup main suppress_prefixlength 0 priority 100',
      'lb-3: ip rule add from 172.31.255.80 lookup 100 priority 101',
    ],
  );
});

/** The gateway alone, its two Ethernet captures in one pcapng. */
async function asOneFile(t: ExecutionContext) {
  const captures = new Map<string, Buffer>();
  const scenario = new EditedScenario(t, BOTH);
  for (const name of ['wan', 'lan']) {
    captures.set(name, scenario.read('gw2', `${name}.pcap`));
    scenario.without('gw2', `${name}.pcap`);
  }
  scenario.write('gw2', 'both.pcapng', pcapngOf(captures));
  const { findings } = await scenario.analyze(['gw2']);
  return { filesOf: scenario.filesOf('gw2').filter((name) => name.includes('pcap')), one: findings };
}

/** Ethernet captures in microseconds, by interface, as one pcapng in the order of time. */
function pcapngOf(captures: ReadonlyMap<string, Buffer>): Buffer {
  const block = (type: number, body: Buffer) => {
    const length = 12 + body.length + padding(body.length);
    const [head, tail] = [Buffer.alloc(8), Buffer.alloc(4)];
    head.writeUInt32LE(type, 0);
    head.writeUInt32LE(length, 4);
    tail.writeUInt32LE(length, 0);
    return Buffer.concat([head, body, Buffer.alloc(padding(body.length)), tail]);
  };
  const section = Buffer.from('4d3c2b1a01000000ffffffffffffffff', 'hex');
  const interfaces = [...captures.keys()].map((name) => {
    const head = Buffer.from('010000000000040002000000', 'hex');
    head.writeUInt16LE(name.length, 10);
    return block(1, Buffer.concat([head, Buffer.from(name), Buffer.alloc(padding(name.length) + 4)]));
  });
  const packets = [...captures.values()].flatMap((bytes, index) => {
    const found: { time: bigint; block: Buffer }[] = [];
    for (let at = 24; at < bytes.length; ) {
      const length = bytes.readUInt32LE(at + 8);
      const time = BigInt(bytes.readUInt32LE(at)) * 1_000_000n + BigInt(bytes.readUInt32LE(at + 4));
      const head = Buffer.alloc(20);
      head.writeUInt32LE(index, 0);
      head.writeUInt32LE(Number(time >> 32n), 4);
      head.writeUInt32LE(Number(time & 0xffffffffn), 8);
      head.writeUInt32LE(length, 12);
      head.writeUInt32LE(bytes.readUInt32LE(at + 12), 16);
      found.push({ time, block: block(6, Buffer.concat([head, bytes.subarray(at + 16, at + 16 + length)])) });
      at += 16 + length;
    }
    return found;
  });
  packets.sort((a, b) => Number(a.time - b.time));
  return Buffer.concat([block(0x0a0d0d0a, section), ...interfaces, ...packets.map((p) => p.block)]);
}

const padding = (length: number) => (4 - (length % 4)) % 4;

test('with all routers recorded, that the reply gets back to the first of them does not make it right', async (t) => {
  const commandsOf = async (scenario: string) => {
    const { findings } = await new EditedScenario(t, scenario).analyze();
    t.deepEqual(
      findings.map((f) => f.cause),
      ['stateful-gateway'],
      scenario,
    );
    return findings[0]!.fix?.commands.map(({ node, command }) => `${node}: ${command}`);
  };
  const some = await commandsOf('stateful-gateway');
  t.true(some!.some((command) => /^lb-3: ip rule add from 172\.31\.255\.80/.test(command)));
  t.deepEqual(await commandsOf('stateful-gateway-all-recorded'), some);
});
