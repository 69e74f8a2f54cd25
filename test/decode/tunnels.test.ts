import test from 'ava';
import { describe } from './support/decode.js';
import {
  concat,
  ethernet,
  gre,
  ipv4,
  ipv6,
  label,
  pppoe,
  u16,
  u32,
  udp,
  vxlan,
  vxlanHeader,
} from './support/wrap.js';

const ETHERNET = 1;
const RAW = 101;
const DNS = ipv4(17, udp(53, new Uint8Array(12)));
const INNER = ethernet(0x0800, DNS, [], [2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2]);

test('a VXLAN tunnel keeps the outer addresses, ports, hop limit and MACs', (t) => {
  const packet = describe(ETHERNET, ethernet(0x0800, ipv4(17, vxlan(42, INNER))));
  t.deepEqual(packet.tunnels, [
    {
      kind: 'vxlan',
      id: 42,
      source: '192.0.2.1',
      destination: '198.51.100.2',
      sourcePort: 50_000,
      destinationPort: 4789,
      ttl: 61,
      etherSource: '02:00:00:00:bb:02',
      etherDestination: '02:00:00:00:aa:01',
    },
  ]);
  t.is(packet.etherSource, '02:00:00:00:00:02');
  t.is(packet.destinationPort, 53);
  t.is(packet.outcome, 'complete');
});

test('tunnels are told by the destination port alone', (t) => {
  const packet = describe(RAW, ipv4(17, udp(50_000, concat(vxlanHeader(1), INNER), 4789)));
  t.is(packet.tunnels, undefined);
  t.is(packet.sourcePort, 4789);
});

const NOT_VXLAN: Record<string, Uint8Array> = {
  nothing: new Uint8Array(0),
  'no VNI flag': concat(vxlanHeader(1, 0), INNER),
  'half a frame': concat(vxlanHeader(1), INNER.subarray(0, 9)),
  'an IP header of the wrong version': concat(
    vxlanHeader(1),
    ethernet(0x0800, ipv6(17, udp(53, new Uint8Array(4)))),
  ),
  'an inner packet cut by its own length': concat(vxlanHeader(1), INNER.subarray(0, 24)),
  'reserved bits before an unknown EtherType': concat(vxlanHeader(1, 0x0f), ethernet(0x1234, DNS)),
};
for (const [name, payload] of Object.entries(NOT_VXLAN)) {
  test(`UDP to port 4789 with ${name} stays UDP`, (t) => {
    const packet = describe(ETHERNET, ethernet(0x0800, ipv4(17, udp(4789, payload))));
    t.is(packet.tunnels, undefined);
    t.is(packet.destinationPort, 4789);
    t.is(packet.payloadLength, payload.length);
    t.is(packet.etherSource, '02:00:00:00:bb:02');
    t.is(packet.outcome, 'complete');
  });
}

test('VXLAN with reserved bits set is VXLAN where there is an IP packet inside', (t) => {
  t.is(describe(RAW, ipv4(17, udp(4789, concat(vxlanHeader(1, 0x0f), INNER)))).tunnels?.length, 1);
});

test('a frame of another protocol in VXLAN is inside a tunnel, not UDP to 4789', (t) => {
  const packet = describe(RAW, ipv4(17, vxlan(1, ethernet(0x88cc, new Uint8Array(20)))));
  t.is(packet.tunnels?.length, 1);
  t.is(packet.etherType, 0x88cc);
  t.is(packet.source, undefined);
});

test('VXLAN that the snap length cuts before the inner addresses is its outer packet', (t) => {
  const frame = ethernet(0x0800, ipv4(17, vxlan(42, INNER)));
  for (let length = 42; length < 84; length++) {
    const packet = describe(ETHERNET, frame.subarray(0, length));
    t.is(packet.tunnels, undefined);
    t.is(packet.destinationPort, 4789);
    t.is(packet.outcome, 'snapped');
  }
  t.is(describe(ETHERNET, frame.subarray(0, 84)).tunnels?.length, 1);
});

test('a fragment of VXLAN other than the first has no tunnel', (t) => {
  const packet = describe(RAW, ipv4(17, vxlan(42, INNER), [], 185));
  t.is(packet.tunnels, undefined);
  t.is(packet.protocol, 17);
  t.is(packet.sourcePort, undefined);
  t.is(packet.fragmentOffset, 1480);
});

test('GRE that holds no IP packet where it says so is malformed, and is its outer packet', (t) => {
  const packet = describe(RAW, ipv4(47, gre(0, 0x0800, [], new Uint8Array(40))));
  t.is(packet.tunnels, undefined);
  t.is(packet.protocol, 47);
  t.is(packet.outcome, 'malformed');
});

for (const [name, payload] of Object.entries({
  'version 1': gre(0x3001, 0x880b, [0, 0, 0, 0], DNS),
  'source routing': gre(0x4000, 0x0800, [0, 0, 0, 0], DNS),
  ERSPAN: gre(0x1000, 0x88be, new Array<number>(12).fill(0), INNER),
})) {
  test(`GRE of ${name} is not followed`, (t) => {
    const packet = describe(RAW, ipv4(47, payload));
    t.is(packet.tunnels, undefined);
    t.is(packet.outcome, 'complete');
  });
}

test('tunnels that share an Ethernet header: it belongs to the outer one', (t) => {
  const packet = describe(ETHERNET, ethernet(0x8847, concat(label(20, true), ipv4(4, DNS))));
  t.deepEqual(
    packet.tunnels?.map(({ kind, id, etherSource }) => [kind, id, etherSource]),
    [
      ['mpls', 20, '02:00:00:00:bb:02'],
      ['ipip', 0, undefined],
    ],
  );
  t.is(packet.etherSource, '02:00:00:00:bb:02');
});

test('the fifth tunnel is not entered, and is the packet', (t) => {
  const depth = (n: number): Uint8Array => (n === 0 ? DNS : ipv4(4, depth(n - 1)));
  t.is(describe(RAW, depth(4)).outcome, 'complete');
  t.is(describe(RAW, depth(4)).protocol, 17);
  const packet = describe(RAW, depth(5));
  t.is(packet.outcome, 'tooDeep');
  t.is(packet.tunnels?.length, 4);
  t.is(packet.protocol, 4);
  t.is(packet.source, '192.0.2.1');
});

test('MPLS without IP below the labels, and labels without end', (t) => {
  t.is(
    describe(ETHERNET, ethernet(0x8847, concat(label(20, true), [0x10, 0, 0, 0x21], DNS))).tunnels,
    undefined,
  );
  const endless = describe(
    ETHERNET,
    ethernet(0x8847, concat(...Array.from({ length: 50 }, () => label(20, false)))),
  );
  t.is(endless.outcome, 'snapped');
  t.is(endless.etherType, 0x8847);
});

test('PPPoE: discovery and control protocols carry no packet, and its length bounds what it carries', (t) => {
  const lcp = describe(ETHERNET, ethernet(0x8864, pppoe(5, 0xc021, new Uint8Array(20))));
  t.deepEqual([lcp.outcome, lcp.tunnels?.[0]?.id, lcp.source], ['complete', 5, undefined]);
  t.is(describe(ETHERNET, ethernet(0x8863, pppoe(5, 0x0021, DNS))).tunnels, undefined);
  const short = pppoe(5, 0x0021, DNS);
  short.set(u16(12), 4);
  t.is(describe(ETHERNET, ethernet(0x8864, short)).outcome, 'malformed');
});

test('Geneve whose options are longer than the datagram stays UDP', (t) => {
  const packet = describe(RAW, ipv4(17, udp(6081, concat([0x3f, 0], u16(0x6558), u32(0), INNER))));
  t.deepEqual([packet.tunnels, packet.destinationPort, packet.outcome], [undefined, 6081, 'complete']);
});
