/** A client that does not send its SYN again had the SYN-ACK, or has gone: the way of the replies is not to blame. */
import test from 'ava';
import { EditedScenario } from './edited-bundle.js';

/** ACKs are lost before the gateway that the replies go round, and that drops nothing. */
const LOST_BEFORE = 'acknowledgements-dropped-before';

/** An Ethernet capture as it would be, had it ended so long after its first packet. */
function cutAfter(seconds: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const unit = bytes.readUInt32LE(0) === 0xa1b23c4d ? 1e9 : 1e6;
    const timeAt = (at: number) => bytes.readUInt32LE(at) + bytes.readUInt32LE(at + 4) / unit;
    let at = 24;
    while (at < bytes.length && timeAt(at) - timeAt(24) <= seconds) at += 16 + bytes.readUInt32LE(at + 8);
    return bytes.subarray(0, at);
  };
}

test('undetermined, and it says what both would look like', async (t) => {
  const { findings, gaps } = await new EditedScenario(t, LOST_BEFORE).analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.severity, f.node, f.interface]),
    [['undetermined', 'fault', 'lb-3', 'ens18']],
  );
  t.regex(findings[0]!.summary, /no client asked again.*whether it got back/);
  t.true(gaps.some((gap) => /none was seen on gw2/.test(gap.why)));
});

test('whichever nodes were captured, no wrong gateway is named', async (t) => {
  for (const nodes of [['lb-3'], ['gw2'], ['gw2', 'lb-3']]) {
    const { findings } = await new EditedScenario(t, LOST_BEFORE).analyze(nodes);
    t.false(
      findings.some((f) => f.cause === 'wrong-gateway'),
      nodes.join(),
    );
  }
});

test('captures that end before the client would have asked again: possible, no more', async (t) => {
  const scenario = new EditedScenario(t, LOST_BEFORE).editBytes('lb-3', 'ens18.pcap', cutAfter(1.4));
  const { findings } = await scenario.analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.confidence]),
    [['wrong-gateway', 'possible']],
  );
});

test('its twin, whose clients ask again: the replies are lost on their way', async (t) => {
  const found = await new EditedScenario(t, 'wrong-gateway-ethernet').findings();
  t.deepEqual(found, ['wrong-gateway probable fault lb-3 ens18']);
});
