import test from 'ava';
import { describe } from './support/decode.js';
import { concat, ethernet, ipv4, ipv6, tag, u16, u32, udp } from './support/wrap.js';

const ETHERNET = 1;
const RAW = 101;

/** A SYN from port 1000 to 80 with these octets of options. */
function syn(options: readonly number[] = [], dataOffset = 5 + options.length / 4): Uint8Array {
  return concat(
    u16(1000),
    u16(80),
    u32(0xfedcba98),
    u32(0),
    [dataOffset << 4, 0xc2, 0xff, 0xff, 0, 0, 0, 0],
    options,
  );
}

test('IPv4 headers that contradict themselves give no addresses', (t) => {
  const good = ipv4(6, syn());
  for (const [at, value] of [
    [0, 0x44],
    [0, 0x55],
    [3, 19],
  ] as const) {
    const bad = good.slice();
    bad[at] = value;
    const packet = describe(RAW, bad);
    t.is(packet.outcome, 'malformed');
    t.is(packet.source, undefined);
  }
});

test('a total length of 0 takes what was captured', (t) => {
  const offloaded = ipv4(6, concat(syn(), new Uint8Array(3000)));
  offloaded.set([0, 0], 2);
  t.like(describe(RAW, offloaded), { outcome: 'complete', ipPayloadLength: 3020, payloadLength: 3000 });
  const offloaded6 = ipv6(6, concat(syn(), new Uint8Array(3000)), 0);
  t.like(describe(RAW, offloaded6), { outcome: 'complete', ipPayloadLength: 3020, payloadLength: 3000 });
});

test('padding to the least Ethernet frame is no payload', (t) => {
  const padded = concat(ethernet(0x0800, ipv4(6, syn())), new Uint8Array(6).fill(0xff));
  t.like(describe(ETHERNET, padded), { payloadLength: 0, outcome: 'complete' });
});

test('data that the snap length cut off still counts', (t) => {
  const frame = ethernet(0x0800, ipv4(6, concat(syn(), new Uint8Array(500))));
  t.like(describe(ETHERNET, frame.subarray(0, 60)), { payloadLength: 500, outcome: 'complete' });
});

test('fragments: the first has ports, the others only their protocol', (t) => {
  const first = describe(RAW, ipv4(17, udp(53, new Uint8Array(16)), [], 0x2000));
  t.like(first, { destinationPort: 53, moreFragments: true, fragmentOffset: 0, protocol: 17 });
  const second = describe(RAW, ipv4(17, udp(53, new Uint8Array(16)), [], 0x00b9));
  t.like(second, { moreFragments: false, fragmentOffset: 1480, protocol: 17, identification: 0xabcd });
  t.is(second.destinationPort, undefined);
  const later6 = describe(
    RAW,
    ipv6(44, concat([17, 0], u16(0x05a9), u32(0xfffffffe), udp(53, new Uint8Array(8)))),
  );
  t.like(later6, { protocol: 17, fragmentOffset: 1448, moreFragments: true, identification: 0xfffffffe });
  t.is(later6.destinationPort, undefined);
});

test('a first fragment that ends within the TCP header is cut, not malformed', (t) => {
  t.like(describe(RAW, ipv4(6, syn().subarray(0, 8), [], 0x2000)), { outcome: 'snapped', sourcePort: 1000 });
  t.like(describe(RAW, ipv4(6, syn().subarray(0, 8))), { outcome: 'malformed', sourcePort: 1000 });
});

test('ESP and no-next-header end an IPv6 packet', (t) => {
  for (const next of [50, 59]) {
    const packet = describe(RAW, ipv6(next, syn()));
    t.like(packet, { outcome: 'complete', protocol: next, ipPayloadLength: 20 });
    t.is(packet.sourcePort, undefined);
  }
});

test('an Authentication Header is gone over in IPv4 too', (t) => {
  const header = concat([6, 4, 0, 0], u32(256), u32(1), new Uint8Array(12));
  t.like(describe(RAW, ipv4(51, concat(header, syn()))), {
    protocol: 6,
    destinationPort: 80,
    ipPayloadLength: 20,
  });
});

test('TCP options: what a SYN offers', (t) => {
  const options = [2, 4, 5, 0xb4, 4, 2, 8, 10, ...u32(0xffffffff), ...u32(7), 1, 3, 3, 14];
  t.like(describe(RAW, ipv4(6, syn(options))), {
    outcome: 'complete',
    maximumSegmentSize: 1460,
    sackPermitted: true,
    timestampValue: 0xffffffff,
    timestampEchoReply: 7,
    windowScale: 14,
    sequenceNumber: 0xfedcba98,
    tcpFlags: ['SYN', 'ECE', 'CWR'],
  });
});

test('TCP options: a list that breaks is kept up to the break', (t) => {
  for (const broken of [
    [2, 4, 5, 0xb4, 3, 0, 0, 0], // a length of 0 would never end
    [2, 4, 5, 0xb4, 3, 1, 7, 0],
    [2, 4, 5, 0xb4, 8, 10, 0, 0], // longer than the list
    [2, 4, 5, 0xb4, 1, 1, 1, 3], // no room for a length
  ]) {
    const packet = describe(RAW, ipv4(6, syn(broken)));
    t.like(packet, { outcome: 'malformed', maximumSegmentSize: 1460, payloadLength: 0 });
    t.is(packet.windowScale, undefined);
    t.is(packet.timestampValue, undefined);
  }
});

test('TCP options: one of unexpected length is passed over, and nothing is read after the end of the list', (t) => {
  const packet = describe(RAW, ipv4(6, syn([3, 4, 7, 7, 0, 2, 4, 5, 0xb4, 1, 1, 1])));
  t.is(packet.outcome, 'complete');
  t.is(packet.windowScale, undefined);
  t.is(packet.maximumSegmentSize, undefined);
});

test('a data offset below 5, or past the packet, is malformed and leaves the ports', (t) => {
  for (const dataOffset of [0, 4, 6, 15]) {
    t.like(describe(RAW, ipv4(6, syn([], dataOffset))), { outcome: 'malformed', destinationPort: 80 });
  }
});

test('UDP: a length below its header is malformed, 0 takes the IP payload', (t) => {
  const datagram = udp(53, new Uint8Array(12));
  datagram.set(u16(7), 4);
  t.like(describe(RAW, ipv4(17, datagram)), { outcome: 'malformed', destinationPort: 53 });
  datagram.set(u16(0), 4);
  t.like(describe(RAW, ipv4(17, datagram)), { outcome: 'complete', payloadLength: 12 });
});

test('an ICMP error quotes what it quotes: eight octets of TCP are ports and sequence number', (t) => {
  const quote = ipv4(6, syn()).subarray(0, 28);
  for (const type of [3, 4, 5, 11, 12]) {
    const packet = describe(RAW, ipv4(1, concat([type, 1, 0, 0, 0, 0, 0, 0], quote)));
    t.is(packet.outcome, 'complete');
    t.like(packet.quoted, {
      outcome: 'snapped',
      source: '192.0.2.1',
      sourcePort: 1000,
      destinationPort: 80,
      sequenceNumber: 0xfedcba98,
    });
    t.is(packet.quoted?.tcpFlags, undefined);
  }
});

test('a quote without a whole IP header is none, and one within a quote is not followed', (t) => {
  const error = (quoted: Uint8Array) => ipv4(1, concat([3, 1, 0, 0, 0, 0, 0, 0], quoted));
  t.is(describe(RAW, error(ipv4(6, syn()).subarray(0, 19))).quoted, undefined);
  const twice = describe(RAW, error(error(ipv4(6, syn()))));
  t.is(twice.quoted?.icmpType, 3);
  t.is(twice.quoted?.quoted, undefined);
});

test('ICMP extensions after a padded quote are not part of it', (t) => {
  const packet = ipv4(17, udp(53, new Uint8Array(200))).subarray(0, 128);
  const quoted = describe(RAW, ipv4(1, concat([11, 0, 0, 0, 0, 32, 0, 0], packet, [0x20, 0, 0, 0]))).quoted;
  t.like(quoted, { destinationPort: 53, payloadLength: 200 });
  // An option list that runs from the quote into the extension is cut at the quote's end.
  const long = ipv6(60, concat([6, 10], new Uint8Array(86), syn([2, 4, 5, 0xb4])));
  const extended = concat([1, 0, 0, 0, 16, 0, 0, 0], long.subarray(0, 128), long.subarray(128));
  const cut = describe(RAW, ipv6(58, extended)).quoted;
  t.like(cut, { outcome: 'snapped', source: '2001:db8::1', protocol: 6 });
  t.is(cut?.sourcePort, undefined);
});

test('echo has an identifier and a sequence number, an error has none', (t) => {
  const echo = describe(RAW, ipv4(1, concat([8, 0, 0, 0], u16(0x1234), u16(7))));
  t.like(echo, { icmpType: 8, icmpIdentifier: 0x1234, icmpSequence: 7 });
  t.is(describe(RAW, ipv4(1, concat([3, 0, 0, 0], u32(0x12340007)))).icmpIdentifier, undefined);
});

test('NDP: the link-layer option of the right kind, and an option of length 0', (t) => {
  const target = [0xfe, 0x80, ...new Array<number>(13).fill(0), 1];
  const advertisement = (options: number[]) =>
    ipv6(58, concat([136, 0, 0, 0, 0xe0, 0, 0, 0], target, options));
  const mac = [2, 0, 0, 0, 0, 5];
  t.deepEqual(describe(RAW, advertisement([1, 1, 9, 9, 9, 9, 9, 9, 2, 1, ...mac])).ndp, {
    target: 'fe80::1',
    flags: ['override', 'solicited', 'router'],
    linkAddress: '02:00:00:00:00:05',
  });
  const endless = describe(RAW, advertisement([2, 0, ...mac]));
  t.like(endless, { outcome: 'malformed', ndp: { target: 'fe80::1', linkAddress: null } });
});

test('ARP for other addresses than IPv4 over Ethernet is not followed', (t) => {
  const arp = concat(u16(1), u16(0x0800), [6, 4], u16(2), new Uint8Array(20));
  t.is(describe(ETHERNET, ethernet(0x0806, arp)).arp?.operation, 2);
  for (const [at, value] of [
    [1, 6],
    [2, 0x86],
    [4, 8],
    [5, 16],
  ] as const) {
    const other = arp.slice();
    other[at] = value;
    t.like(describe(ETHERNET, ethernet(0x0806, other)), { arp: undefined, outcome: 'complete' });
  }
});

test('802.3 frames are not taken for IP', (t) => {
  const stp = describe(ETHERNET, ethernet(38, concat([0x42, 0x42, 3], new Uint8Array(43))));
  t.like(stp, { outcome: 'complete', etherSource: '02:00:00:00:bb:02' });
  t.is(stp.etherType, undefined);
  // SNAP with an OUI of its own: Cisco Discovery Protocol, whose number is not an EtherType.
  const cdp = ethernet(50, concat([0xaa, 0xaa, 3, 0, 0, 0x0c], u16(0x0800), ipv4(6, syn())));
  t.is(describe(ETHERNET, cdp).source, undefined);
  t.is(describe(ETHERNET, ethernet(0x05ff, ipv4(6, syn()))).source, undefined);
});

test('of three tags the two outer ones are kept', (t) => {
  const tags = [...tag(0x88a8, 1), ...tag(0x8100, 2), ...tag(0x8100, 3)];
  t.like(describe(ETHERNET, ethernet(0x0800, ipv4(6, syn()), tags)), {
    vlan: 1,
    innerVlan: 2,
    destinationPort: 80,
  });
});

test('cooked captures: what is no EtherType is not followed', (t) => {
  for (const protocol of [0x0001, 0x0004, 0x000c]) {
    const sll = describe(113, concat([0, 0, 0, 1, 0, 6], new Uint8Array(8), u16(protocol), ipv4(6, syn())));
    t.like(sll, { packetType: 0, outcome: 'complete', source: undefined });
    const sll2 = describe(276, concat(u16(protocol), new Uint8Array(18), ipv4(6, syn())));
    t.like(sll2, { packetType: 0, outcome: 'complete', source: undefined });
  }
});

test('a cooked address longer than its field is the part that there is', (t) => {
  const sll = concat([0, 0, 0, 32, 0, 20, 1, 2, 3, 4, 5, 6, 7, 8], u16(0x0800), ipv4(6, syn()));
  t.is(describe(113, sll).linkAddress, '01:02:03:04:05:06:07:08');
});

test('the loopback families of Linux, the BSDs and Darwin, and no others', (t) => {
  const packet = ipv6(6, syn());
  for (const family of [10, 24, 28, 30]) {
    t.is(describe(0, concat([family, 0, 0, 0], packet)).destinationPort, 80);
    t.is(describe(0, concat([0, 0, 0, family], packet)).destinationPort, 80);
    t.is(describe(108, concat([0, 0, 0, family], packet)).destinationPort, 80);
  }
  t.is(describe(108, concat([30, 0, 0, 0], packet)).destinationPort, undefined);
  t.is(describe(0, concat([7, 0, 0, 0], packet)).destinationPort, undefined);
});

test('raw link types take the version that they name, or look at it', (t) => {
  for (const linkType of [12, 14, 101, 228]) t.is(describe(linkType, ipv4(6, syn())).ipVersion, 4);
  for (const linkType of [12, 14, 101, 229]) t.is(describe(linkType, ipv6(6, syn())).ipVersion, 6);
  t.is(describe(228, ipv6(6, syn())).outcome, 'malformed');
  t.is(describe(229, ipv4(6, syn())).outcome, 'malformed');
  t.is(describe(101, new Uint8Array(40)).outcome, 'malformed');
  t.is(describe(101, new Uint8Array(0)).outcome, 'snapped');
});
