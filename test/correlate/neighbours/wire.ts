import { parseAddress, parseMac } from '../../../src/model/address.js';
import { concat, u16, u32 } from '../../decode/support/wrap.js';

const ETHERNET = 1;
const LINUX_SLL2 = 276;
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

const FIN = 1;
const SYN = 2;
const RST = 4;
const ACK = 16;
const DATA = [0x47, 0x45, 0x54];

interface Frame {
  /** Since the capture's start, ms. */
  at: number;
  bytes: Uint8Array;
  /** MAC of the sender, and what is above the link layer: for a cooked capture. */
  source: string;
  etherType: number;
  payload: Uint8Array;
}

export interface Conversation {
  client: string;
  port: number;
  server: string;
}

/** Frames on one link, in their order, made by hand: to be written as what somebody there captured. */
export class Wire {
  readonly frames: Frame[] = [];
  #now = 0;

  wait(milliseconds: number): this {
    this.#now += milliseconds;
    return this;
  }

  ask(mac: string, address: string, target: string): this {
    return this.#arp(1, BROADCAST, mac, address, '00:00:00:00:00:00', target);
  }

  answer(mac: string, target: string, toMac: string, asker: string): this {
    return this.#arp(2, toMac, mac, target, toMac, asker);
  }

  /** Gratuitous ARP in the form of a request, or of a reply. */
  announce(mac: string, address: string, form: 'request' | 'reply' = 'request'): this {
    return this.#arp(form === 'request' ? 1 : 2, BROADCAST, mac, address, BROADCAST, address);
  }

  solicit(mac: string, source: string, target: string): this {
    const option = source === '::' ? [] : [1, 1, ...parseMac(mac)!];
    return this.#ndp(
      mac,
      '33:33:ff:00:00:01',
      source,
      'ff02::1:ff00:1',
      [135, 0, 0, 0, 0, 0, 0, 0],
      target,
      option,
    );
  }

  /** @param flags R 0x80, S 0x40, O 0x20 */
  advertise(mac: string, target: string, toMac: string, to: string, flags = 0x60): this {
    const head = [136, 0, 0, 0, flags, 0, 0, 0];
    return this.#ndp(mac, toMac, target, to, head, target, [2, 1, ...parseMac(mac)!]);
  }

  syn(from: string, to: string, c: Conversation): this {
    return this.#tcp(from, to, c, SYN, true);
  }

  synAck(from: string, to: string, c: Conversation): this {
    return this.#tcp(from, to, c, SYN | ACK, false);
  }

  ack(from: string, to: string, c: Conversation): this {
    return this.#tcp(from, to, c, ACK, true);
  }

  /** An ACK with payload. */
  data(from: string, to: string, c: Conversation, fromClient = true): this {
    return this.#tcp(from, to, c, ACK, fromClient, DATA);
  }

  /** A single octet, where data begins. */
  octet(from: string, to: string, c: Conversation, fromClient = true): this {
    return this.#tcp(from, to, c, ACK, fromClient, DATA.slice(0, 1));
  }

  /** The server's ACK of the client's data. */
  acknowledge(from: string, to: string, c: Conversation): this {
    return this.#tcp(from, to, { ...c, sent: DATA.length }, ACK, false);
  }

  /** The client's FIN, behind its data. */
  fin(from: string, to: string, c: Conversation): this {
    return this.#tcp(from, to, { ...c, sent: DATA.length }, FIN | ACK, true);
  }

  reset(from: string, to: string, c: Conversation, fromClient = false): this {
    return this.#tcp(from, to, c, fromClient ? RST : RST | ACK, fromClient);
  }

  /** An Ethernet capture of the frames that `seen` picks. */
  capture(seen: (frame: Pick<Frame, 'at' | 'bytes'>) => boolean = () => true): Buffer {
    return this.#file(ETHERNET, this.frames.filter(seen), (frame) => frame.bytes);
  }

  /** A cooked capture on the node with this MAC: what it sent, what is for it, and what is for all. */
  cooked(mac: string, ifindex: number): Buffer {
    const own = this.frames.filter(({ bytes, source }) => {
      return source === mac || sameMac(bytes, mac) || (bytes[0]! & 1) === 1;
    });
    return this.#file(LINUX_SLL2, own, ({ source, bytes, etherType, payload }) => {
      const type = source === mac ? 4 : (bytes[0]! & 1) === 0 ? 0 : sameMac(bytes, BROADCAST) ? 1 : 2;
      const header = [...u16(etherType), 0, 0, ...u32(ifindex), 0, 1, type, 6, ...parseMac(source)!, 0, 0];
      return concat(header, payload);
    });
  }

  #arp(operation: number, to: string, mac: string, address: string, targetMac: string, target: string): this {
    const addresses = [
      ...parseMac(mac)!,
      ...parseAddress(address)!,
      ...parseMac(targetMac)!,
      ...parseAddress(target)!,
    ];
    return this.#push(mac, to, 0x0806, concat([0, 1, 8, 0, 6, 4], u16(operation), addresses));
  }

  #ndp(
    mac: string,
    toMac: string,
    from: string,
    to: string,
    head: number[],
    target: string,
    option: number[],
  ): this {
    const message = concat(head, parseAddress(target)!, option);
    const ip = concat(
      [0x60, 0, 0, 0],
      u16(message.length),
      [58, 255],
      parseAddress(from)!,
      parseAddress(to)!,
    );
    return this.#push(mac, toMac, 0x86dd, concat(ip, message));
  }

  #tcp(
    from: string,
    to: string,
    { client, port, server, sent = 0 }: Conversation & { sent?: number },
    flags: number,
    fromClient: boolean,
    payload: readonly number[] = [],
  ): this {
    const [source, destination] = fromClient ? [client, server] : [server, client];
    const ports = fromClient ? [...u16(port), ...u16(80)] : [...u16(80), ...u16(port)];
    const numbers = fromClient
      ? [...u32(flags === SYN ? port : port + 1 + sent), ...u32(flags & ACK ? 9001 : 0)]
      : [...u32(flags & SYN ? 9000 : 9001), ...u32(port + 1 + sent)];
    const tcp = concat(ports, numbers, [0x50, flags], u16(64_000), [0, 0, 0, 0], payload);
    const identification = this.frames.length + 1;
    const length = u16(20 + tcp.length);
    const ip = concat(
      [0x45, 0],
      length,
      u16(identification),
      [0x40, 0, 63, 6, 0, 0],
      parseAddress(source)!,
      parseAddress(destination)!,
    );
    return this.#push(from, to, 0x0800, concat(ip, tcp));
  }

  #push(source: string, to: string, etherType: number, payload: Uint8Array): this {
    this.#now += 0.1;
    const bytes = concat(parseMac(to)!, parseMac(source)!, u16(etherType), payload);
    this.frames.push({ at: this.#now, bytes, source, etherType, payload });
    return this;
  }

  #file(linkType: number, frames: readonly Frame[], packet: (frame: Frame) => Uint8Array): Buffer {
    const header = Buffer.alloc(24);
    header.writeUInt32LE(0xa1b2c3d4, 0);
    header.writeUInt16LE(2, 4);
    header.writeUInt16LE(4, 6);
    header.writeUInt32LE(262_144, 16);
    header.writeUInt32LE(linkType, 20);
    const records = frames.map((frame) => {
      const bytes = packet(frame);
      const record = Buffer.alloc(16);
      record.writeUInt32LE(1_790_000_000 + Math.floor(frame.at / 1000), 0);
      record.writeUInt32LE(Math.round((frame.at % 1000) * 1000), 4);
      record.writeUInt32LE(bytes.length, 8);
      record.writeUInt32LE(bytes.length, 12);
      return Buffer.concat([record, bytes]);
    });
    return Buffer.concat([header, ...records]);
  }
}

function sameMac(bytes: Uint8Array, mac: string): boolean {
  return parseMac(mac)!.every((octet, i) => bytes[i] === octet);
}
