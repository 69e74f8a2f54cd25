import test from 'ava';
import { readConntrack } from '../../../src/ingest/snapshot/conntrack.js';
import { readDrops } from '../../../src/ingest/snapshot/drops.js';
import { readSysctl } from '../../../src/ingest/snapshot/sysctl.js';

const fail = (message: string): never => {
  throw new Error(message);
};

test('sysctl keys, in both spellings and with dots in names', (t) => {
  const warnings: string[] = [];
  const text = `net.ipv4.conf.flannel/1.rp_filter = 2
net/ipv4/conf/eth0.100/rp_filter = 1
net.ipv4.ip_forward=1
net.ipv4.conf.br-0a@b.rp_filter = 0
net.ipv4.ping_group_range = 0\t2147483647
net.ipv4.tcp_available_ulp =
sysctl: permission denied on key 'net.x'
`;
  const values = readSysctl(text, 'sysctl.txt', (w) => warnings.push(w));
  t.deepEqual(
    [...values],
    [
      ['net.ipv4.conf.flannel/1.rp_filter', '2'],
      ['net.ipv4.conf.eth0/100.rp_filter', '1'],
      ['net.ipv4.ip_forward', '1'],
      ['net.ipv4.conf.br-0a@b.rp_filter', '0'],
      ['net.ipv4.ping_group_range', '0\t2147483647'],
      ['net.ipv4.tcp_available_ulp', ''],
    ],
  );
  t.deepEqual(warnings, ['sysctl.txt: 1 lines are not `key = value`, the first is line 7']);
});

test('conntrack in its three spellings', (t) => {
  const tuple =
    'src=10.0.0.5 dst=10.96.0.10 sport=40000 dport=443 src=10.244.1.10 dst=10.0.0.5 sport=8443 dport=40000';
  const text = `tcp      6 431999 ESTABLISHED ${tuple} [ASSURED] mark=256 use=1
ipv4     2 tcp      6 431999 ESTABLISHED ${tuple} [ASSURED] mark=256 zone=7 use=2
conntrack v1.4.7 (conntrack-tools): 2 flow entries have been shown.
`;
  const [plain, proc] = readConntrack(text, 'conntrack.txt', fail);
  const expected = {
    family: 4,
    protocol: 'tcp',
    state: 'ESTABLISHED',
    original: {
      source: '10.0.0.5',
      destination: '10.96.0.10',
      sourcePort: 40000,
      destinationPort: 443,
      icmp: null,
    },
    reply: {
      source: '10.244.1.10',
      destination: '10.0.0.5',
      sourcePort: 8443,
      destinationPort: 40000,
      icmp: null,
    },
    mark: 256,
    unreplied: false,
    assured: true,
  } as const;
  t.deepEqual(plain, { ...expected, zone: 0 });
  t.deepEqual(proc, { ...expected, zone: 7 });
});

test('conntrack: unreplied UDP over IPv6 with counters, ICMP, and protocols without state', (t) => {
  const text = `ipv6 10 udp 17 29 src=fd00:0::1 dst=fd00::2 sport=53 dport=53 packets=1 bytes=60 [UNREPLIED] src=fd00::2 dst=fd00::1 sport=53 dport=53 packets=0 bytes=0 mark=0 use=1
icmp     1 29 src=10.0.0.1 dst=10.0.0.2 type=8 code=0 id=77 src=10.0.0.2 dst=10.0.0.1 type=0 code=0 id=77 mark=0 use=1
unknown  2 590 src=10.0.0.1 dst=224.0.0.22 [UNREPLIED] src=224.0.0.22 dst=10.0.0.1 use=1
`;
  const [udp, icmp, unknown] = readConntrack(text, 'conntrack.txt', fail);
  t.like(udp, { family: 6, protocol: 'udp', state: null, unreplied: true, assured: false });
  t.is(udp!.original.source, 'fd00::1');
  t.deepEqual(icmp!.original.icmp, { type: 8, code: 0, id: 77 });
  t.like(icmp!.reply, { sourcePort: null, source: '10.0.0.2' });
  t.like(unknown, { protocol: 'unknown', unreplied: true });
});

const OFFLOADED = `tcp      6 src=10.0.0.5 dst=10.96.0.10 sport=40000 dport=443 src=10.244.1.10 dst=10.0.0.5 sport=8443 dport=40000 [OFFLOAD] mark=0 use=3
ipv4     2 tcp      6 src=10.0.0.5 dst=10.96.0.11 sport=40000 dport=443 packets=5 bytes=300 src=10.244.1.10 dst=10.0.0.5 sport=8443 dport=40000 packets=4 bytes=200 [HW_OFFLOAD] mark=0 zone-orig=4 secctx=system_u:object_r:unlabeled_t:s0 use=3 id=97
sctp     132 100 ESTABLISHED src=10.0.0.1 dst=10.0.0.2 sport=1 dport=2 src=10.0.0.2 dst=10.0.0.1 sport=2 dport=1 [ASSURED] mark=7 zone=5 delta-time=12 [start=Sat Nov 21 22:00:00 2026] use=1
gre      47 100 src=10.0.0.1 dst=10.0.0.2 srckey=0x0 dstkey=0x0 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 srckey=0x0 dstkey=0x0 mark=0 use=1
ipv4     2 unknown  253 599 src=10.0.0.1 dst=10.0.0.2 [UNREPLIED] src=10.0.0.2 dst=10.0.0.1 mark=7 zone=5 use=1 id=973431471
`;

test('conntrack: offloaded entries, which have no timeout, and any protocol', (t) => {
  const entries = readConntrack(OFFLOADED, 'conntrack.txt', fail);
  t.deepEqual(
    entries.map(({ protocol, state, reply, mark, zone }) => [protocol, state, reply.source, mark, zone]),
    [
      ['tcp', null, '10.244.1.10', 0, 0],
      ['tcp', null, '10.244.1.10', 0, 4],
      ['sctp', 'ESTABLISHED', '10.0.0.2', 7, 5],
      ['gre', null, '10.0.0.2', 0, 0],
      ['unknown', null, '10.0.0.2', 7, 5],
    ],
  );
});

test('conntrack: what cannot be read is passed over, and told once', (t) => {
  const [first = ''] = OFFLOADED.split('\n');
  const warnings: string[] = [];
  const odd = `# conntrack -L\n${first.replace('443', 'https')}\ntcp 6 100 src=10.0.0.1\n`;
  const entries = readConntrack(odd + OFFLOADED, 'conntrack.txt', (warning) => warnings.push(warning));
  t.is(entries.length, 5);
  t.deepEqual(warnings, [
    'conntrack.txt: 3 lines are no whole entries, and are passed over; the first is line 1',
  ]);
  const failed = 'conntrack v1.4.6 (conntrack-tools): Operation failed: sorry, you must be root\n';
  t.throws(() => readConntrack(failed, 'conntrack.txt', fail), { message: /conntrack.txt: no entry as/ });
});

test('conntrack: wherever a table is cut, what is read of it are entries of the whole', (t) => {
  const whole = readConntrack(OFFLOADED, 'conntrack.txt', fail);
  const lines = OFFLOADED.split('\n');
  for (let at = lines[0]!.length + 1; at < OFFLOADED.length; at++) {
    const cut = OFFLOADED.slice(0, at);
    const warnings: string[] = [];
    const entries = readConntrack(cut, 'conntrack.txt', (warning) => warnings.push(warning));
    const ended = cut.split('\n').length - 1;
    t.deepEqual(entries.slice(0, ended), whole.slice(0, ended));
    t.is(warnings.length, entries.length === ended && !cut.endsWith('\n') ? 1 : 0);
    // Behind `use=` nothing counts.
    if (entries.length > ended) t.deepEqual(entries, whole.slice(0, ended + 1));
  }
});

test('drops: any task name, kernels without reason, lost events', (t) => {
  const warnings: string[] = [];
  const text = `# tracer: nop
     a b-c 1.5: x-42    [001] ..s2.  1234.567890: kfree_skb: skbaddr=00000000e1 rx_sk=0000000000000000 protocol=2048 location=ip_rcv_finish_core+0x1a5/0x3f0 reason: IP_RPFILTER
          <idle>-0       [000] ..s.  1235.000001: kfree_skb: skbaddr=00000000e1 protocol=34525 location=00000000a1b2c3d4
CPU:1 [LOST 12 EVENTS]
          <idle>-0       [000] ..s.  1235.000001: consume_skb: skbaddr=00000000e1
 nginx-7 (      7) [000] ..s. 1236.5: kfree_skb: skbaddr=1 protocol=2048 location=nf_hook_slow+0x9/0x9 [nf] reason: NETFILTER_DROP`;
  const { records } = readDrops(text, 'drops.txt', (w) => warnings.push(w), {
    wall: 2_000_000_000_000n,
    uptimeNs: 0n,
  });
  t.deepEqual(
    records.map((r) => [r.reason, r.location, r.protocol, r.time, r.line]),
    [
      ['IP_RPFILTER', 'ip_rcv_finish_core', 2048, 3_234_567_890_000n, 2],
      ['NOT_SPECIFIED', null, 34525, 3_235_000_001_000n, 3],
      ['NETFILTER_DROP', 'nf_hook_slow', 2048, 3_236_500_000_000n, 6],
    ],
  );
  t.regex(warnings.join(), /lost 12 events/);
  t.is(readDrops(text, 'drops.txt', () => {}, null).records[0]!.time, null);
});
