/**
 * Hot path. The fold over one capture's UDP datagrams and ICMP echoes.
 *
 * A UDP flow is one instance of its 5-tuple from the first datagram to a pause; of DNS, each message ID is one, as a
 * resolver asks for several names at once from one port. Of each flow the first datagrams are kept as sightings, and
 * those that repeat the client's first. Each echo, by its identifier and sequence number, is a flow of its own.
 */

import type { Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import {
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_CLIENT_KEPT,
  FLOW_CLIENT_SEQUENCE,
  FLOW_LAST_SECONDS,
  FLOW_OLDER,
  FLOW_SERVER_KEPT,
  FLOW_SERVER_SEQUENCE,
  FLOW_STATE,
  KIND_DATAGRAM,
  KIND_ECHO_REPLY,
  KIND_ECHO_REQUEST,
  KIND_ICMP_ERROR,
  STATE_A_SPOKE,
  STATE_B_SPOKE,
  STATE_CLIENT_IS_B,
  STATE_CLIENT_KNOWN,
  STATE_ICMP_ERROR,
  STATE_SERVER_FIRST,
  TRANSPORT_ECHO,
  TRANSPORT_UDP,
} from '../../wasm/layout.js';
import { isNoise, isServicePort } from '../datagram-ports.js';
import { addressText } from '../texts.js';
import { Payload } from './payload.js';
import type { SightingKeeper } from './sighting-keeper.js';

/** A pause after which the next datagram is another attempt, s: nf_conntrack_udp_timeout. */
const QUIET_SECONDS = 30;

/** Messages of one pair of ports that one is compared with, newest first: a resolver has few of them open. */
const MAX_INSTANCES_SEARCHED = 64;

/**
 * Sightings kept of a flow. A dozen capture points see each datagram; a client that asks again does so a few times,
 * and goes on being kept.
 */
const MAX_CLIENT_FIRST = 16;
const MAX_CLIENT_REPEATS = 64;
const MAX_SERVER_FIRST = 16;
const MAX_SERVER = 64;

/** PACKET_BROADCAST and PACKET_MULTICAST. */
const [BROADCAST, MULTICAST] = [1, 2];

const UDP = 17;
const ECHO_REQUESTS = [8, 128];
const ECHO_REPLIES = [0, 129];

export class DatagramTracker {
  readonly #kept: SightingKeeper;
  readonly #payload = new Payload();

  constructor(kept: SightingKeeper) {
    this.#kept = kept;
  }

  observeUdp(packet: Packet, record: PacketRecord): void {
    const { sourcePort, destinationPort } = packet;
    if (isNoise(sourcePort, destinationPort) || this.#isForMany(packet)) return;
    const { flows } = this.#kept;
    const newest = this.#newest(packet, TRANSPORT_UDP);
    const fromB = flows.sourceIsB;
    const id = dnsId(packet);
    let row = this.#instance(newest, id, fromB, record);
    if (row < 0) {
      row = this.#begin(newest, record);
      if (row < 0) return;
      const serverFirst = isServicePort(sourcePort) && !isServicePort(destinationPort);
      const clientIsB = serverFirst ? !fromB : fromB;
      const state =
        STATE_CLIENT_KNOWN | (clientIsB ? STATE_CLIENT_IS_B : 0) | (serverFirst ? STATE_SERVER_FIRST : 0);
      flows.set(row, FLOW_STATE, flows.get(row, FLOW_STATE) | state);
      flows.set(row, FLOW_CLIENT_SEQUENCE, id + 1);
    }
    const before = flows.get(row, FLOW_STATE);
    const state = before | (fromB ? STATE_B_SPOKE : STATE_A_SPOKE);
    if (state !== before) flows.set(row, FLOW_STATE, state);
    this.#kept.touch(row, record);
    const fromClient = ((state & STATE_CLIENT_IS_B) !== 0) === fromB;
    if (fromClient) this.#keepRequest(row, fromB, packet, record);
    else this.#keepReply(row, fromB, packet, record);
  }

  observeEcho(packet: Packet, record: PacketRecord): void {
    const isRequest = ECHO_REQUESTS.includes(packet.icmpType);
    if ((!isRequest && !ECHO_REPLIES.includes(packet.icmpType)) || this.#isForMany(packet)) return;
    const { flows } = this.#kept;
    const newest = this.#newest(packet, TRANSPORT_ECHO);
    let row = this.#isQuiet(newest, record) ? -1 : newest;
    if (row < 0) row = this.#begin(newest, record);
    if (row < 0) return;
    const toItself = flows.get(row, FLOW_ADDRESS_A) === flows.get(row, FLOW_ADDRESS_B);
    const fromB = toItself ? !isRequest : flows.sourceIsB;
    const clientIsB = isRequest === fromB;
    const spoke = fromB ? STATE_B_SPOKE : STATE_A_SPOKE;
    const known = STATE_CLIENT_KNOWN | (clientIsB ? STATE_CLIENT_IS_B : 0);
    flows.set(row, FLOW_STATE, flows.get(row, FLOW_STATE) | known | spoke);
    this.#kept.touch(row, record);
    this.#keep(isRequest ? KIND_ECHO_REQUEST : KIND_ECHO_REPLY, row, fromB, packet, record);
  }

  /** @param quoted what the error is about: a UDP datagram, an echo, or something else, which is left */
  observeIcmpError(packet: Packet, quoted: Packet, record: PacketRecord): void {
    const isUdp = quoted.protocol === UDP && quoted.sourcePort >= 0;
    if (!isUdp && quoted.icmpIdentifier < 0) return;
    if (isUdp && isNoise(quoted.sourcePort, quoted.destinationPort)) return;
    const { flows } = this.#kept;
    const newest = this.#newest(quoted, isUdp ? TRANSPORT_UDP : TRANSPORT_ECHO);
    const fromB = flows.sourceIsB;
    const id = isUdp ? dnsId(quoted) : -1;
    let row = id < 0 ? newest : this.#instance(newest, id, fromB, record);
    if (row < 0) {
      row = this.#begin(newest, record);
      if (row < 0) return;
      const isReply = isUdp ? isServicePort(quoted.sourcePort) : ECHO_REPLIES.includes(quoted.icmpType);
      const clientIsB = isReply ? !fromB : fromB;
      const known = STATE_CLIENT_KNOWN | (clientIsB ? STATE_CLIENT_IS_B : 0);
      flows.set(row, FLOW_STATE, flows.get(row, FLOW_STATE) | known);
      flows.set(row, FLOW_CLIENT_SEQUENCE, id + 1);
    }
    flows.set(row, FLOW_STATE, flows.get(row, FLOW_STATE) | STATE_ICMP_ERROR);
    this.#kept.touch(row, record);
    this.#kept.keep(KIND_ICMP_ERROR, row, fromB, quoted, packet, record, null);
  }

  #begin(older: number, record: PacketRecord): number {
    const row = this.#kept.flows.insert(older);
    if (row < 0) this.#kept.unfollowed.noteDatagram(record);
    return row;
  }

  #newest(packet: Packet, transport: number): number {
    const { flows } = this.#kept;
    const row = flows.find(packet, transport);
    return row < 0 ? flows.reopen() : row;
  }

  /** Multicast or broadcast: by the IP address or, for a network's own broadcast address, by the frame. */
  #isForMany(packet: Packet): boolean {
    if (isMulticast(packet)) return true;
    if (!isFrameForMany(packet)) return false;
    const { bytes, destinationAddress, ipVersion } = packet;
    this.#kept.broadcasts.add(addressText(bytes, destinationAddress, ipVersion));
    return true;
  }

  /** The instance that a datagram belongs to; -1 where it is the first of one. */
  #instance(newest: number, id: number, fromB: boolean, record: PacketRecord): number {
    if (id < 0) return this.#isQuiet(newest, record) ? -1 : newest;
    const { flows } = this.#kept;
    let row = newest;
    for (let i = 0; i < MAX_INSTANCES_SEARCHED && row >= 0; i++, row = flows.get(row, FLOW_OLDER) - 1) {
      if (flows.get(row, FLOW_CLIENT_SEQUENCE) === id + 1 && !this.#isQuiet(row, record)) return row;
    }
    // What looks like a DNS message by chance: its replies do not begin as the requests do.
    if (newest < 0 || flows.get(newest, FLOW_OLDER) !== 0 || this.#isQuiet(newest, record)) return -1;
    const clientIsB = (flows.get(newest, FLOW_STATE) & STATE_CLIENT_IS_B) !== 0;
    return clientIsB === fromB ? -1 : newest;
  }

  #isQuiet(row: number, record: PacketRecord): boolean {
    return row >= 0 && record.seconds - this.#kept.flows.get(row, FLOW_LAST_SECONDS) > QUIET_SECONDS;
  }

  #keepRequest(row: number, fromB: boolean, packet: Packet, record: PacketRecord): void {
    const { flows } = this.#kept;
    const kept = flows.get(row, FLOW_CLIENT_KEPT);
    if (kept >= MAX_CLIENT_REPEATS || !this.#payload.read(packet)) return;
    const { digest } = this.#payload;
    if (kept === 0) flows.set(row, FLOW_SERVER_SEQUENCE, digest);
    else if (kept >= MAX_CLIENT_FIRST && digest !== flows.get(row, FLOW_SERVER_SEQUENCE)) return;
    flows.set(row, FLOW_CLIENT_KEPT, kept + 1);
    this.#kept.keep(KIND_DATAGRAM, row, fromB, packet, packet, record, this.#payload);
  }

  #keepReply(row: number, fromB: boolean, packet: Packet, record: PacketRecord): void {
    const { flows } = this.#kept;
    const kept = flows.get(row, FLOW_SERVER_KEPT);
    // A client that asks again is answered again: those replies are wanted, the rest of a stream is not.
    const limit = Math.min(MAX_SERVER, MAX_SERVER_FIRST + flows.get(row, FLOW_CLIENT_KEPT));
    if (kept >= limit || !this.#payload.read(packet)) return;
    flows.set(row, FLOW_SERVER_KEPT, kept + 1);
    this.#kept.keep(KIND_DATAGRAM, row, fromB, packet, packet, record, this.#payload);
  }

  #keep(kind: number, row: number, fromB: boolean, packet: Packet, record: PacketRecord): void {
    if (this.#payload.read(packet)) this.#kept.keep(kind, row, fromB, packet, packet, record, this.#payload);
  }
}

function isMulticast({ bytes, destinationAddress, ipVersion }: Packet): boolean {
  const first = bytes[destinationAddress]!;
  return ipVersion === 4 ? first >= 224 : first === 0xff;
}

function isFrameForMany({ bytes, packetType, tunnelDepth, etherDestination }: Packet): boolean {
  if (tunnelDepth === 0 && (packetType === BROADCAST || packetType === MULTICAST)) return true;
  return etherDestination >= 0 && (bytes[etherDestination]! & 1) === 1;
}

const DNS_RESPONSE = 0x8000;
/** OPCODE, and the bits of Z that are still zero (RFC 6895 section 2). */
const DNS_NOT_QUERY = 0x7840;

/**
 * The ID of a DNS message (RFC 1035 section 4.1.1), -1 where it is none. By its header, not by its port: resolvers in
 * containers, which may not bind 53, listen on any.
 */
function dnsId({ payloadOffset: at, payloadLength, end, view }: Packet): number {
  if (at < 0 || payloadLength < 12 || at + 8 > end) return -1;
  const flags = view.getUint16(at + 2);
  const questions = view.getUint16(at + 4);
  const answers = view.getUint16(at + 6);
  if ((flags & DNS_NOT_QUERY) !== 0) return -1;
  if ((flags & DNS_RESPONSE) === 0 ? questions !== 1 || answers !== 0 : questions > 1 || answers > 255)
    return -1;
  return view.getUint16(at);
}
