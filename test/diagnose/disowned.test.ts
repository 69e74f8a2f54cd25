/** Connections that are made, and reset by a host that knows of none. */
import test from 'ava';
import { Altered } from './altered.js';
import { EditedScenario } from './edited-bundle.js';

const FORGOTTEN = 'undetermined-forgotten';

const RECORD_HEADER = 16;

/** The TCP headers of a LINUX_SLL2 packet that reset, also within VXLAN. */
function resetsIn(packet: Buffer): Buffer[] {
  const [sll2, ip, outer, protocol, reset] = [20, 20, 20 + 8 + 8 + 14, 6, 4];
  return [sll2, sll2 + outer].flatMap((header) => {
    const isTcp =
      header + ip + 14 <= packet.length && packet[header] === 0x45 && packet[header + 9] === protocol;
    const isReset = isTcp && (packet[header + ip + 13]! & reset) !== 0;
    return isReset ? [packet.subarray(header + ip, header + ip + 20)] : [];
  });
}

/** A capture's records, each as `change` has it. */
function withRecords(change: (record: Buffer) => Buffer[]): (pcap: Buffer) => Buffer {
  return (pcap) => {
    const records: Buffer[] = [pcap.subarray(0, 24)];
    for (let at = 24; at < pcap.length; ) {
      const end = at + RECORD_HEADER + pcap.readUInt32LE(at + 8);
      records.push(...change(Buffer.from(pcap.subarray(at, end))));
      at = end;
    }
    return Buffer.concat(records);
  };
}

/** Resets as a change of their TCP headers leaves them. */
const withResets = (change: (tcp: Buffer) => void) =>
  withRecords((record) => {
    resetsIn(record.subarray(RECORD_HEADER)).forEach(change);
    return [record];
  });

/** Before each reset another, which is otherwise. */
const withEarlierResets = (change: (tcp: Buffer) => void) =>
  withRecords((record) => {
    const earlier = Buffer.from(record);
    const resets = resetsIn(earlier.subarray(RECORD_HEADER));
    resets.forEach(change);
    return resets.length > 0 ? [earlier, record] : [record];
  });

const [SEQUENCE, ACKNOWLEDGMENT, FLAGS] = [4, 8, 13];

/** As a program's that closes what it has accepted: tcp_send_active_reset(). */
function acknowledging(tcp: Buffer): void {
  tcp[FLAGS]! |= 0x10;
  tcp.writeUInt32BE(1, ACKNOWLEDGMENT);
}

const edited = (change: (tcp: Buffer) => void) => (scenario: EditedScenario) => {
  for (const node of ['node1', 'node2']) scenario.editBytes(node, 'any.pcap', withResets(change));
  return scenario;
};

test('each connection is one that gets no further, and the node that forgot it is named', async (t) => {
  const { totals, findings } = await new EditedScenario(t, FORGOTTEN).analyze();
  const vip = totals.find((total) => total.vip === '192.168.1.100')!;
  t.deepEqual([vip.outcomes.established, vip.stuck, vip.slow], [6, 6, undefined]);
  t.is(findings.length, 1);
  t.regex(
    findings[0]!.known!,
    /^node1 had forgotten them .*: it came to 10\.244\.[01]\.10:8080.*, as of connections that never began there$/,
  );
});

test('its backends’ node saw nothing of it, or knows no more than that a reset came by', async (t) => {
  t.deepEqual(await new Altered(t, FORGOTTEN).only('node2').findings(), []);
  t.deepEqual(await new Altered(t, FORGOTTEN).only('node1').findings(), ['undetermined possible node1 eth0']);
});

test('what was handed over to another node was not forgotten by it', async (t) => {
  const scenario = 'undetermined-handed-over';
  const { findings, gaps } = await new EditedScenario(t, scenario).analyze();
  t.deepEqual(
    findings.map(({ node, known }) => [node, known]),
    [['node2', 'what follows the handshakes came to node2, and their SYNs had gone by node1']],
  );
  t.regex(gaps[0]!.why, /^who has 192\.168\.1\.100 when/);
});

test('a reset that acknowledges is of a host that has the connection, and one of another number no answer', async (t) => {
  for (const change of [acknowledging, (tcp: Buffer) => tcp.writeUInt32BE(7, SEQUENCE)] as const) {
    const scenario = edited(change)(new EditedScenario(t, FORGOTTEN));
    const { findings, totals } = await scenario.analyze();
    t.deepEqual(findings, []);
    t.true(totals.every(({ stuck }) => stuck === undefined));
  }
});

test('whoever has reset it as his own before has given it up: what comes later meets none', async (t) => {
  // Of one leg, and of several.
  for (const [scenario, node] of [
    ['filtered-acknowledgements-reset', 'gw2'],
    [FORGOTTEN, 'node1'],
  ] as const) {
    const aborted = new EditedScenario(t, scenario).editBytes(
      node,
      'any.pcap',
      withEarlierResets(acknowledging),
    );
    t.deepEqual(await aborted.findings(), [], scenario);
  }
});

test('a rule that rejects has what it resets: without the rules nothing is blamed on it', async (t) => {
  const scenario = 'filtered-acknowledgements-reset';
  t.deepEqual(await new EditedScenario(t, scenario).findings(), ['filtered confirmed fault gw2 wan']);
  const unknown = new EditedScenario(t, scenario).without('gw2', 'iptables-save.txt', 'nft.json');
  const { findings, gaps } = await unknown.analyze();
  t.deepEqual(
    findings.map(({ cause, node, known }) => [cause, node, known]),
    [['undetermined', 'gw2', 'the reset left gw2 first']],
  );
  t.is(gaps[0]!.node, 'gw2');
  t.regex(gaps[0]!.why, /^whether gw2 sends the reset itself: /);
  // What drops without a word resets nobody.
  const dropping = new EditedScenario(t, scenario)
    .without('gw2', 'nft.json')
    .edit('gw2', 'iptables-save.txt', (text) => text.replace(/-j REJECT --reject-with tcp-reset/, '-j DROP'));
  t.deepEqual(await dropping.findings(), ['undetermined possible fault gw2 wan']);
});

test('a server that resets for a full queue: by its setting and its counter', async (t) => {
  const scenario = 'backend-silent-full-queue-reset';
  t.deepEqual(await new EditedScenario(t, scenario).findings(), [
    'backend-silent probable fault fra-02 eth0',
  ]);
  const lenient = new EditedScenario(t, scenario).edit('fra-02', 'netns/store-1/sysctl.txt', (text) =>
    text.replace(/^(net\.ipv4\.tcp_abort_on_overflow = )1$/m, '$10'),
  );
  const [finding] = (await lenient.analyze()).findings;
  t.is(finding!.cause, 'undetermined');
  t.regex(finding!.known!, /^fra-02\/store-1 itself, which had answered the SYNs, resets them/);
});
