import { decodePacket } from '../../../src/decode/decode.js';
import { describePacket, type PacketDescription } from '../../../src/decode/describe.js';
import { Packet } from '../../../src/decode/packet.js';

/** A fresh packet, decoded from these octets alone. */
export function decode(linkType: number, bytes: Uint8Array): Packet {
  const packet = new Packet();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  decodePacket(linkType, bytes, view, 0, bytes.length, packet);
  return packet;
}

/** The same in words. */
export function describe(linkType: number, bytes: Uint8Array): PacketDescription {
  return describePacket(decode(linkType, bytes));
}
