import { formatIPv4, formatIPv6, formatMac, parseAddress, parseMac } from '../../../src/model/address.js';
import { concat, u16 } from '../../decode/support/wrap.js';
import { decodeArp, REPLY, REQUEST } from '../../lab/arp.js';

const ALL_NODES = 'ff:ff:ff:ff:ff:ff';
const NO_MAC = '00:00:00:00:00:00';

/** What one node says of an address: `target` is at `mac`, told to `to`. */
export interface Told {
  target: string;
  mac: string;
  to: string;
}

/** Who-has `target`, broadcast. */
export function arpRequest(mac: string, sender: string, target: string): Uint8Array {
  return concat(
    ethernet(ALL_NODES, mac, 0x0806),
    [...u16(1), ...u16(0x0800), 6, 4, ...u16(REQUEST)],
    parseMac(mac)!,
    parseAddress(sender)!,
    parseMac(NO_MAC)!,
    parseAddress(target)!,
  );
}

export function readArpReply(frame: Uint8Array): Told | null {
  const arp = decodeArp(frame);
  if (arp?.operation !== REPLY) return null;
  return {
    target: formatIPv4(arp.senderAddress),
    mac: formatMac(arp.senderMac),
    to: formatIPv4(arp.targetAddress),
  };
}

/** The target and sender of an ARP request. */
export function readArpRequest(frame: Uint8Array): { target: string; sender: string } | null {
  const arp = decodeArp(frame);
  if (arp?.operation !== REQUEST) return null;
  return { target: formatIPv4(arp.targetAddress), sender: formatIPv4(arp.senderAddress) };
}

/** A neighbour solicitation to the target's solicited-node group; without a link-layer address where `source` is `::`. */
export function neighbourSolicitation(mac: string, source: string, target: string): Uint8Array {
  const to = parseAddress(target)!;
  const group = concat(parseAddress('ff02::1:ff00:0')!.subarray(0, 13), to.subarray(13));
  const option = source === '::' ? [] : [1, 1, ...parseMac(mac)!];
  const message = concat([135, 0, 0, 0, 0, 0, 0, 0], to, option);
  const from = parseAddress(source)!;
  const sum = checksum(concat(from, group, [0, 0, ...u16(message.length), 0, 0, 0, 58], message));
  message.set(u16(sum), 2);
  const header = [0x60, 0, 0, 0, ...u16(message.length), 58, 255];
  const groupMac = `33:33:${formatMac(group.subarray(12), 0, 4)}`;
  return concat(ethernet(groupMac, mac, 0x86dd), header, from, group, message);
}

const ICMPV6 = 54;

export function readAdvertisement(frame: Uint8Array): Told | null {
  if (!isIcmpv6(frame, 136)) return null;
  const hasOption = frame[ICMPV6 + 24] === 2;
  return {
    target: formatIPv6(frame, ICMPV6 + 8),
    mac: hasOption ? formatMac(frame, ICMPV6 + 26) : formatMac(frame, 6),
    to: formatIPv6(frame, 38),
  };
}

/** The target and source of a solicitation that is no duplicate address detection. */
export function readSolicitation(frame: Uint8Array): { target: string; sender: string } | null {
  if (!isIcmpv6(frame, 135)) return null;
  const sender = formatIPv6(frame, 22);
  return sender === '::' ? null : { target: formatIPv6(frame, ICMPV6 + 8), sender };
}

function isIcmpv6(frame: Uint8Array, type: number): boolean {
  return frame.length >= ICMPV6 + 24 && frame[12] === 0x86 && frame[20] === 58 && frame[ICMPV6] === type;
}

/** An ICMP echo request, whose reply tells that all before it is done with. */
export function echoRequest(to: string, mac: string, source: string, target: string, id: number): Uint8Array {
  const message = concat([8, 0, 0, 0], u16(id), u16(1));
  message.set(u16(checksum(message)), 2);
  return ipv4(to, mac, source, target, 1, message);
}

export function isEchoReply(frame: Uint8Array, id: number): boolean {
  return frame.length >= 42 && frame[23] === 1 && frame[34] === 0 && (frame[38]! << 8) + frame[39]! === id;
}

/** A UDP datagram, for the node to pass on. */
export function datagram(to: string, mac: string, source: string, target: string): Uint8Array {
  return ipv4(to, mac, source, target, 17, concat(u16(4000), u16(4001), u16(8), u16(0)));
}

function ipv4(
  to: string,
  mac: string,
  source: string,
  target: string,
  protocol: number,
  payload: Uint8Array,
) {
  const header = concat(
    [0x45, 0, ...u16(20 + payload.length), 0, 0, 0, 0, 64, protocol, 0, 0],
    parseAddress(source)!,
    parseAddress(target)!,
  );
  header.set(u16(checksum(header)), 10);
  return concat(ethernet(to, mac, 0x0800), header, payload);
}

const ethernet = (to: string, mac: string, type: number) => concat(parseMac(to)!, parseMac(mac)!, u16(type));

/** RFC 1071. */
function checksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
