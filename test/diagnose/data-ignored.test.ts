/** Connections that their clients take as made: ACK and data come to the server, and it goes on as if they had not. */
import test, { type ExecutionContext } from 'ava';
import type { Gap } from '../../src/model/analysis.js';
import { Wire } from '../correlate/neighbours/wire.js';
import { Altered } from './altered.js';
import { EditedScenario } from './edited-bundle.js';
import { A, from, GATEWAY, node, ROUTER, run, VIP } from './lan.js';

const LATE = 'backend-silent-full-queue-late';
const COUNTED = 'netns/store-1/nstat-after.json';
const counting = (name: string, value: number) => (text: string) =>
  text.replace(new RegExp(`("${name}": *)\\d+`), `$1${value}`);

const isToBeRun = (words: RegExp) => (gap: Gap) => words.test(`${gap.node} ${gap.why} ${gap.capture}`);

test('the accept queue is full when the ACKs come: the program is named, and what to do', async (t) => {
  const { findings, gaps, attempts } = await new Altered(t, LATE).analyze();
  const {
    cause,
    confidence,
    severity,
    node: name,
    netns,
    attempts: ids,
    summary,
    evidence,
    fix,
  } = findings[0]!;
  t.deepEqual(
    [findings.length, cause, confidence, severity, name, netns, ids.length],
    [1, 'backend-silent', 'probable', 'fault', 'fra-02', 'store-1', 3],
  );
  t.true(ids.every((id) => attempts.find((one) => one.id === id)!.outcome === 'established'));
  t.regex(summary, /dropped 18 requests meanwhile for a full accept queue, or the ACKs behind them/);
  t.true(
    evidence.some(({ text }) =>
      /^ACK .* came in by eth0, as the SYN had; data behind it was seen there/.test(text),
    ),
  );
  t.true(evidence.some(({ text }) => /^SYN-ACK .* left by eth0 again, behind the data/.test(text)));
  t.true(evidence.some(({ text }) => text.startsWith('TcpExtListenOverflows rose by 18')));
  t.regex(fix!.summary, /listens on port 9090 in fra-02\/store-1/);
  t.regex(gaps[0]!.capture!, /^ss -ltnp 'sport = :9090'/);
});

test('no counter accounts for them: that they are ignored is said, and what to record there', async (t) => {
  for (const value of [0, 2]) {
    const few = new Altered(t, LATE).edit('fra-02', COUNTED, counting('TcpExtListenOverflows', value));
    const { findings, gaps } = await few.analyze();
    t.deepEqual(
      findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface, f.attempts.length]),
      [['undetermined', 'possible', 'fault', 'fra-02', 'eth0', 3]],
    );
    t.true(gaps.some(isToBeRun(/^fra-02 .* fra-02\/store-1 .*kfree_skb.*TcpExtListenOverflows/)));
  }
});

test("where the server's own namespace is not recorded: where they were seen last, and to record it", async (t) => {
  const outside = new EditedScenario(t, LATE).without('fra-02', 'netns');
  const { findings, gaps } = await outside.analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.severity, f.node, f.attempts.length]),
    [['undetermined', 'fault', 'fra-02', 3]],
  );
  t.regex(findings[0]!.summary, /their ACK left fra-02 as their SYN had, data behind it was seen there/);
  t.true(gaps.some(isToBeRun(/server's own network namespace in the end tcpdump /)));
});

/** What is found of a connection to node1 itself, after a SYN and a SYN-ACK. */
async function found(t: ExecutionContext, go: (wire: Wire) => void): Promise<string[]> {
  const wire = new Wire().syn(ROUTER, A, from(40_001)).synAck(A, ROUTER, from(40_001));
  go(wire.ack(ROUTER, A, from(40_001)));
  const eth0 = wire.wait(4000).ask(ROUTER, GATEWAY, '192.0.2.77').capture();
  const { findings } = await run(t, { node1: { ...node(A, `${VIP}/32`), 'eth0.pcap': eth0 } });
  return findings.map(({ cause, severity, node: name }) => `${cause} ${severity} ${name}`);
}

test('a SYN-ACK again behind data is one that was ignored; its twins: the server had it, or still waited for it', async (t) => {
  const data = (wire: Wire) => wire.wait(10).data(ROUTER, A, from(40_001));
  const again = (wire: Wire) => wire.wait(1000).synAck(A, ROUTER, from(40_001));
  t.deepEqual(await found(t, (wire) => again(data(wire))), ['undetermined fault node1']);
  // It acknowledges the data in the end, late, and before, or answers it.
  t.deepEqual(await found(t, (wire) => again(data(wire)).data(A, ROUTER, from(40_001), false)), []);
  t.deepEqual(await found(t, (wire) => again(data(wire).data(A, ROUTER, from(40_001), false))), []);
  t.deepEqual(await found(t, (wire) => data(again(wire))), []);
  t.deepEqual(await found(t, (wire) => again(again(wire))), []);
});

test('a full queue of another program: data comes again in vain, and the SYN-ACK does not', async (t) => {
  const counters = (overflows: number) =>
    JSON.stringify({ kernel: { TcpExtListenOverflows: overflows, TcpExtListenDrops: overflows } });
  const found = async (repeats: boolean) => {
    const wire = new Wire().syn(ROUTER, A, from(40_001)).synAck(A, ROUTER, from(40_001));
    wire.ack(ROUTER, A, from(40_001)).data(ROUTER, A, from(40_001));
    for (const wait of [200, 400, 800]) wire.wait(wait).data(ROUTER, A, from(40_001));
    if (repeats) wire.synAck(A, ROUTER, from(40_001));
    const { findings } = await run(t, {
      node1: {
        ...node(A, `${VIP}/32`),
        'eth0.pcap': wire.wait(3000).ask(ROUTER, GATEWAY, '192.0.2.77').capture(),
        'nstat-before.json': counters(0),
        'nstat-after.json': counters(5),
      },
    });
    return findings.map(({ cause, summary }) => [cause, summary.split(' (')[0]]);
  };
  t.deepEqual(await found(true), [
    ['backend-silent', 'Clients take connections as made that their server does not'],
  ]);
  // What drops the ACK for it goes on to send the SYN-ACK: this server has taken it.
  t.deepEqual(await found(false), [
    ['undetermined', 'Clients connect, and send their first data again and again'],
  ]);
});
