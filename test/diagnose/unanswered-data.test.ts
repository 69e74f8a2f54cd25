/** The handshake is whole, and the client sends its first data again and again: what follows a handshake is lost. */
import test, { type ExecutionContext } from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { EditedScenario } from './edited-bundle.js';
import { A, from, GATEWAY, node, ROUTER, run, VIP } from './lan.js';

const DROPPED = 'server-acknowledgement-dropped';
const LARGE = 'large-request-untold';
const RULE = '-A FORWARD -p tcp -m tcp --tcp-flags SYN,ACK ACK -j DROP';

test("a rule drops what the server sends behind its SYN-ACK: by the way back, and the client's data", async (t) => {
  const { findings, attempts } = await new EditedScenario(t, DROPPED).analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface, f.attempts.length]),
    [['filtered', 'probable', 'fault', 'gw1', 'lan', 3]],
  );
  t.true(attempts.every(({ outcome }) => outcome === 'established'));
  const [{ summary, evidence, fix }] = findings as [(typeof findings)[0]];
  t.regex(
    summary,
    /^Clients connect, and what their server sends first it sends again and again \(3 to 172\.31\.255\.80:8443\): /,
  );
  t.true(summary.includes(RULE));
  t.true(evidence.some(({ kind, text, node: at }) => kind === 'rule' && text === RULE && at === 'gw1'));
  t.true(
    evidence.some(({ text }) =>
      /^lb-3: data of the client, and what the server sent .* again and again/.test(text),
    ),
  );
  t.true(
    evidence.some(({ text }) =>
      /^gw1: what the server sent behind its SYN-ACK, again and again, and no data/.test(text),
    ),
  );
  t.regex(fix!.expected, / The ACKs that follow are dropped no more\./);
});

test('its twins: a rule that does not take them is not accused, nor one whose node is not recorded', async (t) => {
  const untold = ['undetermined possible fault lb-3 ens18'];
  t.deepEqual(await new EditedScenario(t, `${DROPPED}-unrecorded`).findings(), untold);
  const { gaps } = await new EditedScenario(t, `${DROPPED}-unrecorded`).analyze();
  t.true(gaps.some((gap) => /next on the way to the client .*firewall rules/.test(gap.why)));
  const other = new EditedScenario(t, DROPPED)
    .edit('gw1', 'iptables-save.txt', (text) =>
      text.replace(RULE, RULE.replace('-p tcp', '-p tcp -s 192.0.2.1')),
    )
    .without('gw1', 'nft.json');
  // The last who saw what the server sends.
  t.deepEqual(await other.findings(), ['undetermined possible fault gw1 lan']);
});

test('the way that carried the request is open: nothing is found', async (t) => {
  t.deepEqual(await new EditedScenario(t, 'server-acknowledgement-source-routed').findings(), []);
});

test('the ACK comes farther than data does: where, the smaller link on the way, and how to ask it', async (t) => {
  const { findings, gaps } = await new EditedScenario(t, LARGE).analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.severity, f.node, f.interface, f.attempts.length]),
    [['undetermined', 'fault', 'core', 'lan0', 3]],
  );
  const [{ summary, evidence }] = findings as [(typeof findings)[0]];
  t.regex(
    summary,
    /their ACK came to lb-3 as their SYN had, and the data did not, which was last seen on core/,
  );
  t.true(
    evidence.some(({ text }) => text.startsWith('gw2up of core takes packets of 1200 octets (its MTU)')),
  );
  t.true(gaps.some(({ capture }) => capture?.startsWith('ping -M do ')));
  t.deepEqual(await new EditedScenario(t, 'large-request-told').findings(), []);
});

test('what the server sends first is too large for its way back: so is said, by either capture', async (t) => {
  for (const [nodes, place] of [
    [undefined, ['gw2', 'lan']],
    [['lb-3'], ['lb-3', 'ens19']],
  ] as const) {
    const { findings } = await new EditedScenario(t, 'large-response-untold').analyze(
      nodes === undefined ? undefined : [...nodes],
    );
    t.deepEqual(
      findings.map((f) => [f.cause, f.severity, f.node, f.interface, f.attempts.length]),
      [['undetermined', 'fault', ...place, 3]],
    );
    t.regex(
      findings[0]!.summary,
      /^Clients connect, and what their server sends first it sends again and again/,
    );
    const told = findings[0]!.evidence.some(({ text }) =>
      /^wan of gw2 takes packets of 1200 octets/.test(text),
    );
    t.is(told, nodes === undefined);
  }
});

test('both ends close behind a response that never got there: it is lost as well, and its twin got on', async (t) => {
  const closed = new EditedScenario(t, 'large-response-closed');
  t.deepEqual(await closed.findings(), ['undetermined possible fault gw2 lan']);
  t.deepEqual(await closed.findings(['lb-3']), ['undetermined possible fault lb-3 ens19']);
  t.deepEqual(await new EditedScenario(t, 'large-response-told').findings(), []);
});

test("the server's own capture alone: it acknowledges, and the client does not get on", async (t) => {
  t.deepEqual(await new EditedScenario(t, DROPPED).findings(['lb-3']), [
    'undetermined possible fault lb-3 ens18',
  ]);
});

/** What is found of a connection to node1 itself, whose client sends data at once and then as long after each, ms. */
async function found(
  t: ExecutionContext,
  waits: readonly number[],
  then: (wire: Wire) => void = () => {},
): Promise<string[]> {
  const wire = made().data(ROUTER, A, from(40_001));
  for (const wait of waits) wire.wait(wait).data(ROUTER, A, from(40_001));
  return foundOf(t, wire, then);
}

const made = () =>
  new Wire().syn(ROUTER, A, from(40_001)).synAck(A, ROUTER, from(40_001)).ack(ROUTER, A, from(40_001));

async function foundOf(t: ExecutionContext, wire: Wire, then: (wire: Wire) => void): Promise<string[]> {
  then(wire);
  const eth0 = wire.wait(4000).ask(ROUTER, GATEWAY, '192.0.2.77').capture();
  const { findings } = await run(t, { node1: { ...node(A, `${VIP}/32`), 'eth0.pcap': eth0 } });
  return findings.map(({ cause, severity, node: name }) => `${cause} ${severity} ${name}`);
}

const IN_VAIN = ['undetermined fault node1'];

test('as often as a host sends again whose data is lost each time, and no less', async (t) => {
  t.deepEqual(await found(t, [200, 400, 800]), IN_VAIN);
  // Lost once or twice; a copy at another interface; a host that waits for long, once; one that waits, and then asks.
  t.deepEqual(await found(t, [200, 400]), []);
  t.deepEqual(await found(t, [1, 1, 1]), []);
  t.deepEqual(await found(t, [3000]), []);
  t.deepEqual(await found(t, [1, 3000]), []);
});

test('a single octet that comes again asks whether its receiver is there, or has room: nothing is lost', async (t) => {
  const again = (fromClient: boolean) => (wire: Wire) => {
    const [sender, receiver] = fromClient ? [ROUTER, A] : [A, ROUTER];
    for (const wait of [10, 200, 400, 800, 1600]) {
      wire.wait(wait).octet(sender, receiver, from(40_001), fromClient);
    }
  };
  t.deepEqual(await foundOf(t, made(), again(true)), []);
  const request = made().data(ROUTER, A, from(40_001)).acknowledge(A, ROUTER, from(40_001));
  t.deepEqual(await foundOf(t, request, again(false)), []);
});

test('what gets on in the end is not in vain, and what the server sends has to be had', async (t) => {
  const waits = [200, 400, 800];
  const responds = (wire: Wire) => wire.data(A, ROUTER, from(40_001), false);
  t.deepEqual(await found(t, waits, responds), []);
  const respondsInVain = (wire: Wire) => {
    responds(wire);
    for (const wait of waits) responds(wire.wait(wait));
  };
  t.deepEqual(await found(t, [], respondsInVain), IN_VAIN);
  t.deepEqual(await found(t, waits, respondsInVain), IN_VAIN);
  t.deepEqual(await found(t, waits, (wire) => wire.fin(ROUTER, A, from(40_001))), []);
});

test('what the server acknowledged in the end got there; what comes again behind that was not told', async (t) => {
  const waits = [200, 400, 800];
  const answer = (wire: Wire) => wire.acknowledge(A, ROUTER, from(40_001));
  t.deepEqual(await found(t, waits, answer), []);
  t.deepEqual(await found(t, waits, (wire) => answer(wire).reset(ROUTER, A, from(40_001), true)), []);
  const again = (wire: Wire) => answer(wire.wait(1600).data(ROUTER, A, from(40_001)));
  t.deepEqual(await found(t, waits, (wire) => again(answer(wire))), []);
  t.deepEqual(await found(t, waits, (wire) => again(again(answer(wire)))), IN_VAIN);
});

test('a capture that ended before the client got on says nothing against one that saw it', async (t) => {
  const wire = new Wire().syn(ROUTER, A, from(40_001)).synAck(A, ROUTER, from(40_001));
  wire.ack(ROUTER, A, from(40_001)).data(ROUTER, A, from(40_001));
  for (const wait of [200, 400, 800]) wire.wait(wait).data(ROUTER, A, from(40_001));
  const rest = wire.frames.length;
  wire.acknowledge(A, ROUTER, from(40_001)).fin(ROUTER, A, from(40_001));
  const isFirst = (frame: object) => wire.frames.indexOf(frame as (typeof wire.frames)[0]) < rest;
  const [whole, begun] = [wire.capture(), wire.capture(isFirst)];
  const ended = wire.capture((frame) => !isFirst(frame));
  const bundle = node(A, `${VIP}/32`);
  const causes = async (captures: Record<string, Buffer>) =>
    (await run(t, { node1: { ...bundle, ...captures } })).findings.map(({ cause }) => cause);
  t.deepEqual(await causes({ 'eth0.pcap': begun }), ['undetermined']);
  t.deepEqual(await causes({ 'eth0.pcap': begun, 'eth0.pcap1': ended }), []);
  t.deepEqual(await causes({ 'eth0.pcap': whole }), []);
});
