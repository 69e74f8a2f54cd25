import { parseAddress, parseMac } from '../../src/model/address.js';

/** ARP over Ethernet for IPv4 (RFC 826): offsets in the frame. */
const ETHER_TYPE = 12;
const OPERATION = 20;
const SENDER_MAC = 22;
const SENDER_ADDRESS = 28;
const TARGET_MAC = 32;
const TARGET_ADDRESS = 38;
const FRAME_LENGTH = 42;

const ETHER_TYPE_ARP = 0x0806;
const BROADCAST = 'ff:ff:ff:ff:ff:ff';
const UNKNOWN = '00:00:00:00:00:00';

export const REQUEST = 1;
export const REPLY = 2;

export interface Arp {
  operation: number;
  senderMac: Uint8Array;
  senderAddress: Uint8Array;
  targetAddress: Uint8Array;
}

/** The ARP message in an Ethernet frame; null where it holds none. The fields are views into the frame. */
export function decodeArp(frame: Uint8Array): Arp | null {
  if (frame.length < FRAME_LENGTH) return null;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint16(ETHER_TYPE) !== ETHER_TYPE_ARP) return null;
  return {
    operation: view.getUint16(OPERATION),
    senderMac: frame.subarray(SENDER_MAC, SENDER_MAC + 6),
    senderAddress: frame.subarray(SENDER_ADDRESS, SENDER_ADDRESS + 4),
    targetAddress: frame.subarray(TARGET_ADDRESS, TARGET_ADDRESS + 4),
  };
}

/** Says to who asked that `address` is at `mac`. */
export function replyTo(request: Arp, address: string, mac: string): Uint8Array {
  const frame = encodeArp(REPLY, mac, address);
  frame.set(request.senderMac, 0);
  frame.set(request.senderMac, TARGET_MAC);
  frame.set(request.senderAddress, TARGET_ADDRESS);
  return frame;
}

/** Gratuitous ARP as MetalLB sends it, in both forms that RFC 5227 section 3 names: as request and as reply. */
export function announcements(address: string, mac: string): Uint8Array[] {
  return [REQUEST, REPLY].map((operation) => {
    const frame = encodeArp(operation, mac, address);
    frame.set(parseMac(BROADCAST)!, 0);
    frame.set(parseMac(operation === REPLY ? BROADCAST : UNKNOWN)!, TARGET_MAC);
    frame.set(parseAddress(address)!, TARGET_ADDRESS);
    return frame;
  });
}

function encodeArp(operation: number, mac: string, address: string): Uint8Array {
  const frame = new Uint8Array(FRAME_LENGTH);
  const view = new DataView(frame.buffer);
  frame.set(parseMac(mac)!, 6);
  view.setUint16(ETHER_TYPE, ETHER_TYPE_ARP);
  view.setUint16(14, 1); // hardware type: Ethernet
  view.setUint16(16, 0x0800); // protocol type: IPv4
  frame[18] = 6;
  frame[19] = 4;
  view.setUint16(OPERATION, operation);
  frame.set(parseMac(mac)!, SENDER_MAC);
  frame.set(parseAddress(address)!, SENDER_ADDRESS);
  return frame;
}
