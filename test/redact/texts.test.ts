/** Texts that logs, rules and messages are made of. */
import test from 'ava';
import fc from 'fast-check';
import { formatAddress, formatMac } from '../../src/model/address.js';
import { ANALYSIS_SCHEMA, type Analysis, type Evidence } from '../../src/model/analysis.js';
import { Redaction } from '../../src/redact/redaction.js';
import { firstViolation } from '../../src/report/schema/check.js';
import { anyAnalysis } from '../report/arbitrary.js';

const KEY = Buffer.from('a key for the tests');

const NODE = 'web-17.corp.acme.com';

/** An analysis that says this, of a node in Kubernetes. */
function saying(text: string): Analysis {
  const item: Evidence = {
    kind: 'log',
    node: NODE,
    file: 'in/web.tar.gz:web/kernel.log',
    line: 1,
    packet: null,
    text,
  };
  return {
    schema: ANALYSIS_SCHEMA,
    inputs: [],
    clocks: [],
    vips: [],
    totals: [],
    attempts: [],
    findings: [
      {
        id: 'f1',
        cause: 'filtered',
        confidence: 'possible',
        severity: 'fault',
        vip: null,
        node: NODE,
        interface: 'br-acme.210',
        netns: 'acme-pod',
        claimants: [],
        attempts: ['a1'],
        summary: '',
        evidence: [item],
        fix: null,
        alternatives: [],
      },
    ],
    gaps: [],
    services: [
      {
        vip: '192.0.2.9',
        namespace: 'acme-shop',
        name: 'till',
        ports: [{ protocol: 'tcp', port: 80, name: 'http' }],
        externalTrafficPolicy: null,
        backends: [{ address: '10.1.2.3', port: 80, pod: 'acme-shop/till-0', node: NODE, ready: true }],
        announcedBy: null,
        pool: 'acme-pool',
        advertisements: ['acme-l2'],
        announcers: [],
      },
    ],
  };
}

function said(text: string, paths: string[] = []): string {
  return new Redaction(saying(text), KEY, paths).analysis.findings[0]!.evidence[0]!.text;
}

/** Texts, and what of them must be gone. */
const TEXTS: [text: string, gone: RegExp][] = [
  [
    'Nov 21 10:07:56 web-17 kernel: [28763.309] IPv4: martian source 10.1.2.3 from 8.8.4.4, on dev br-acme.210',
    /web-17|10\.1\.2\.3|8\.8\.4\.4|acme/,
  ],
  ['Nov 21 10:07:56 unheard-of kernel: something', /unheard/],
  ['2026-11-21T10:07:56+01:00 unheard-of kernel: something', /unheard/],
  ['ll header: 00000000: 52 54 00 12 34 56 52 54 00 65 43 21 08 00', /12 34 56|65 43 21/],
  [
    'IN=eth0 OUT= MAC=52:54:00:12:34:56:52:54:00:65:43:21:08:00 SRC=10.1.2.3 DST=192.0.2.9',
    /12:34:56|65:43:21|10\.1\.2\.3/,
  ],
  ['WEB-17 says so', /web-17/i],
  ['-A cali-tw-caliabcdef01234 -m comment --comment "acme till policy" -j DROP', /acme|abcdef01234/],
  [
    '-A KUBE-SVC-ERIFXISQEP7F7OF4 -m comment --comment acme/till -j KUBE-SEP-ERIFXISQEP7F7OF5',
    /ERIFX|acme|till/,
  ],
  ['-A FORWARD -m set --match-set acme-blocked src -j acme-drop', /acme/],
  ['10.1.2.3 (src) is not in the set acme:blocked, which iptables-save.txt line 10 asks for', /acme/],
  ['ipset.txt is missing: what is in the set acme:blocked is not known: taken as no match', /acme/],
  ['elements of the set acme:blocked go by themselves after some time: taken as no match', /acme/],
  ['the port of the packet, by which the set acme:blocked goes, is not known', /acme/],
  ['sets of the type hash:mac, as acme:blocked is one, are not modelled', /acme/],
  ['no set of the name acme:blocked is listed: taken as no match', /acme/],
  [
    'insert rule inet acme-guard acme-forward handle 2 ip daddr @acme_hosts drop comment "by alice"',
    /acme|alice/,
  ],
  ['net.ipv4.conf.br-acme/210.rp_filter = 1', /acme/],
  ['/etc/sysctl.d/90-returnpath-ipv4-br-acme-210-rp_filter.conf', /acme/],
  [
    'memberlist: web-17.corp.acme.com left; db.internal.acme.io joined at ip-10-1-2-3.ec2.internal',
    /acme|10-1-2-3|web-17/,
  ],
  [
    'a speaker announces 192.0.2.9 for acme-shop/till (acme-pool by acme-l2), pod acme-shop/till-0 in acme-pod',
    /acme|till/,
  ],
  [
    'in/web.tar.gz:web/kernel.log, and customers/acme/2026.pcapng.gz: no capture',
    /acme|customers|in\/web|2026/,
  ],
  [
    'host=2001:db8::5, [2001:db8::6]:80, to:2001:db8::7 2001:db8::8%br-acme.210 2001:db8::9.',
    /2001:db8|acme/,
  ],
  ['10.1.2.3:80 > 10.1.2.4.443: 10.1.2.5, 10.1.2.6/24 (10.1.2.7)', /10\.1\.2\./],
  ['02-00-5e-10-20-30 and 02:00:5E:10:20:31, vendor prefix 00:1b:a9', /10-20-30|10:20:31|00:1b:a9/i],
  ['martian source 10.1.2.3 from 8.8.4.4, on dev dmz-acme', /acme/],
  ['IN=acme0 OUT=acme-up PHYSIN=vnet-acme; acmebr: port 2(vetacme) entered blocking state', /acme/],
  ['-A FORWARD -i acme0 -o acmeup -j DROP', /acme/],
  ['add rule inet filter forward iifname { "acme0", "acmeup" } oifname "acmelan" drop', /acme/],
  ['net.ipv4.conf.acme0.rp_filter; /proc/sys/net/ipv6/conf/acmeup/forwarding', /acme/],
  ['node-a goes by acmeup into acme-9, by acme-pods to 10.1.2.3:80', /acme/],
  ['strict on eth0 (max of all=0, eth0=1); the way back to 10.1.2.3 is acmeup via 10.1.2.1', /acme/],
  ['10.1.2.0/24 in table acme (rule 5) leads to acme-pods', /acme/],
  ['acme-pods, the way on, was captured, and the packet did not leave by it', /acme/],
  ['ip rule add from 10.1.2.3 lookup acme; ip route add default dev acmeup table acmeup', /acme/],
  ['nft list table inet acme; kubectl -n acme-dmz get pods', /acme/],
  ['3.2.1.10.in-addr.arpa and 2.1.10.in-addr.arpa', /2\.1\.10/],
  ['5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa', /8\.b\.d\.0/],
  ['5254.0012.3456', /0012|3456/],
  ['MAC=45:00:00:54:00:00:40:00:40:2f:00:00:c0:00:02:01:c0:00:02:02 TUNNEL=', /c0:00:02/],
  ['ll header: 00000010: c0 00 02 02 00 00 08 00', /c0 00 02/],
  ['<4>Nov 21 10:07:56 unheard-of kernel[7]: x', /unheard/],
  ['1 2026-11-21T10:07:56Z unheard-of kernel - - - x', /unheard/],
  ['ip-10-1-2-3.eu.acme.internal, 10-1-2-3.acme.pod', /10-1-2-3|acme/],
  ['alice@acme.com, https://wiki.acme.de/x, db.acme.co.uk', /acme|alice/],
  ['-A INPUT -m comment --comment "a \\"b\\" by acme" -m string --string "acme"', /acme/],
];

for (const [text, gone] of TEXTS) {
  test(`gone from: ${text}`, (t) => {
    const other = said(text);
    t.regex(text, gone);
    t.notRegex(other, gone);
    t.is(other, said(text));
  });
}

const KEPT = [
  'ip -j -4 rule show > ip-rule.json; ip -j addr show > ip-addr.json; ip -j -d link show > ip-link.json',
  "in the backend's own network namespace: ss -ltn; iptables-save; nft list ruleset; conntrack -L",
  'sysctl -w net.ipv4.conf.flannel/1.rp_filter=2',
  'tcpdump -i any -n -s 128 -w any.pcap "udp port 4789 or arp" > clock.txt',
  'at 10:07:56.123 on 2026-11-21T10:07:56Z, after 1.0 s and 12:34 h',
  '-A INPUT -p tcp -m tcp --dport 80 -j REJECT --reject-with tcp-reset',
  'insert rule inet filter input handle 5 tcp dport 8443 accept',
  'Destination=0.0.0.0/0, 10.0.0.0/8, 127.0.0.1, ::/0, ::1, 224.0.0.18 (ff02::12), 255.255.255.0',
  'kubernetes.io/hostname, metallb.io/v1beta1, /proc/sys/net/ipv4/conf/eth0, default/http',
  'the router sent it to the node, by eth0, eno1.210, cilium_host, vxlan.calico, kube-ipvs0 or enp3s0f1np0',
  'firewall rules for protocol 112, and it shows none of them; by hand, on it, by ARP',
  'iptables -I INPUT 1 -i eth0 -d 127.0.0.1 -j ACCEPT; fib saddr . iif oif missing drop',
];

for (const text of KEPT) {
  test(`kept: ${text}`, (t) => t.is(said(text), text));
}

test('an address is the same in every text and field, and a network is that of its hosts', (t) => {
  const [host, network, alone] = said('10.77.5.9 10.77.5.0/24 10.77.5.0').split(' ');
  t.is(host!.replace(/\d+$/, '0/24'), network!);
  t.is(`${alone}/24`, network!);
  const { analysis } = new Redaction(saying('192.0.2.9'), KEY);
  t.is(analysis.findings[0]!.evidence[0]!.text, analysis.services![0]!.vip);
});

test('interfaces have names that a kernel would take', (t) => {
  const { analysis } = new Redaction(saying(''), KEY);
  t.regex(analysis.findings[0]!.interface!, /^if-\w{6}\.210$/);
  t.true(analysis.findings[0]!.interface!.length <= 15);
});

test('wherever it stands, an address or MAC goes', (t) => {
  const octets = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
  const secret = fc.oneof(
    octets(3).map((rest) => formatAddress(Uint8Array.of(10, ...rest), 0, 4)),
    octets(8).map((rest) => formatAddress(Uint8Array.of(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, ...rest), 0, 6)),
    octets(5).map((rest) => formatMac(Uint8Array.of(2, ...rest))),
  );
  const around = fc.constantFrom(
    ' ',
    '=',
    ', ',
    '(',
    ')',
    '"',
    "'",
    '>',
    '; ',
    '\n',
    '/',
    '@',
    '. ',
    ' at ',
    '[',
    ']',
    '%',
  );
  fc.assert(
    fc.property(secret, around, around, (text, before, after) => {
      const whole = said(`x${before}${text}${after}y`);
      const other = said(text);
      t.not(other, text);
      t.is(whole, `x${before}${other}${after}y`);
    }),
    { numRuns: 300 },
  );
});

test('whatever an analysis holds: by the schema still, and alike for alike', (t) => {
  fc.assert(
    fc.property(anyAnalysis, (given) => {
      const before = structuredClone(given);
      const { analysis } = new Redaction(given, KEY);
      t.deepEqual(given, before, 'it stays as it is');
      t.is(firstViolation(analysis), null);
      t.deepEqual(new Redaction(given, KEY).analysis, analysis);
      t.deepEqual(numbersOf(analysis), numbersOf(given));
    }),
    { numRuns: 100 },
  );
});

/** In order. */
function numbersOf(analysis: Analysis): number[] {
  const numbers: number[] = [];
  JSON.stringify(analysis, (_, value) => {
    if (typeof value === 'number') numbers.push(value);
    return value;
  });
  return numbers;
}

test('a name of an address is the same in fields and texts, and a reversed one is that of the address', (t) => {
  const [address, reversed] = said('10.1.2.3 3.2.1.10.in-addr.arpa').split(' ');
  t.is(reversed, `${address!.split('.').reverse().join('.')}.in-addr.arpa`);
  const given = saying('of ip-10-1-2-3.ec2.internal');
  given.findings[0]!.node = 'ip-10-1-2-3.ec2.internal';
  const [finding] = new Redaction(given, KEY).analysis.findings;
  t.is(finding!.evidence[0]!.text, `of ${finding!.node}`);
});
