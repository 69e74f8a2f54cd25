import test from 'ava';
import fc from 'fast-check';
import { formatIPv4, formatMac } from '../../src/model/address.js';
import { announcements, decodeArp, REPLY, REQUEST, replyTo } from './arp.js';

const VIP = '192.168.1.100';
const MAC = '02:00:c0:a8:01:0b';

// who-has 192.168.1.100 tell 192.168.1.1, as a Linux router sends it.
const WHO_HAS = Buffer.from(
  'ffffffffffff0200c0a8010108060001080006040001' + '0200c0a80101c0a80101000000000000c0a80164',
  'hex',
);

test('a request is read', (t) => {
  const arp = decodeArp(WHO_HAS)!;
  t.is(arp.operation, REQUEST);
  t.is(formatMac(arp.senderMac), '02:00:c0:a8:01:01');
  t.is(formatIPv4(arp.senderAddress), '192.168.1.1');
  t.is(formatIPv4(arp.targetAddress), VIP);
});

test('the reply goes to who asked, octet for octet as the kernel replies', (t) => {
  const reply = Buffer.from(replyTo(decodeArp(WHO_HAS)!, VIP, MAC)).toString('hex');
  t.is(reply, '0200c0a801010200c0a8010b08060001080006040002' + '0200c0a8010bc0a801640200c0a80101c0a80101');
});

test('an announcement is broadcast in both forms, with the address as sender and target', (t) => {
  const frames = announcements(VIP, MAC);
  t.deepEqual(
    frames.map((frame) => decodeArp(frame)!.operation),
    [REQUEST, REPLY],
  );
  for (const frame of frames) {
    const arp = decodeArp(frame)!;
    t.is(formatMac(frame), 'ff:ff:ff:ff:ff:ff');
    t.is(formatMac(arp.senderMac), MAC);
    t.is(formatIPv4(arp.senderAddress), VIP);
    t.is(formatIPv4(arp.targetAddress), VIP);
  }
});

test('other and short frames are no ARP', (t) => {
  t.is(decodeArp(WHO_HAS.subarray(0, 41)), null);
  const ip = Buffer.from(WHO_HAS);
  ip.writeUInt16BE(0x0800, 12);
  t.is(decodeArp(ip), null);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 41 }), (bytes) => decodeArp(bytes) === null));
});
