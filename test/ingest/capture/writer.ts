/**
 * Writes capture files field by field from the formats' specifications, for the variants that no tool at hand
 * writes: the other byte order, sections, odd time stamp resolutions, obsolete blocks.
 */
export class Writer {
  readonly #parts: Buffer[] = [];
  readonly littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  u8(value: number): this {
    this.#parts.push(Buffer.of(value));
    return this;
  }

  u16(value: number): this {
    const part = Buffer.alloc(2);
    if (this.littleEndian) part.writeUInt16LE(value);
    else part.writeUInt16BE(value);
    return this.raw(part);
  }

  u32(value: number): this {
    const part = Buffer.alloc(4);
    if (this.littleEndian) part.writeUInt32LE(value);
    else part.writeUInt32BE(value);
    return this.raw(part);
  }

  u64(value: bigint): this {
    const part = Buffer.alloc(8);
    if (this.littleEndian) part.writeBigUInt64LE(BigInt.asUintN(64, value));
    else part.writeBigUInt64BE(BigInt.asUintN(64, value));
    return this.raw(part);
  }

  raw(octets: Uint8Array): this {
    this.#parts.push(Buffer.from(octets));
    return this;
  }

  /** To a multiple of 32 bits, as pcapng pads. */
  pad(length: number): this {
    return this.raw(Buffer.alloc((4 - (length % 4)) % 4));
  }

  done(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

export interface PcapPacket {
  seconds: number;
  fraction: number;
  data: Uint8Array;
  originalLength?: number;
}

export function writePcap(
  packets: readonly PcapPacket[],
  options: {
    littleEndian?: boolean;
    magic?: number;
    linkType?: number;
    snapLength?: number;
    major?: number;
  } = {},
): Buffer {
  const { littleEndian = true, magic = 0xa1b2c3d4, linkType = 1, snapLength = 262144, major = 2 } = options;
  const writer = new Writer(littleEndian);
  writer.u32(magic).u16(major).u16(4).u32(0).u32(0).u32(snapLength).u32(linkType);
  for (const packet of packets) {
    writer.u32(packet.seconds).u32(packet.fraction).u32(packet.data.length);
    writer.u32(packet.originalLength ?? packet.data.length).raw(packet.data);
  }
  return writer.done();
}

export type Option = readonly [code: number, value: Uint8Array];

/** The blocks of one byte order; concatenate them. */
export class Blocks {
  readonly littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  block(type: number, body: Uint8Array): Buffer {
    const length = 12 + body.length + ((4 - (body.length % 4)) % 4);
    return this.#writer().u32(type).u32(length).raw(body).pad(body.length).u32(length).done();
  }

  section(major = 1): Buffer {
    return this.block(
      0x0a0d0d0a,
      this.#writer().u32(0x1a2b3c4d).u16(major).u16(0).u64(0xffff_ffff_ffff_ffffn).done(),
    );
  }

  interface(linkType: number, snapLength: number, options: readonly Option[] = []): Buffer {
    const body = this.#writer().u16(linkType).u16(0).u32(snapLength).raw(this.options(options));
    return this.block(1, body.done());
  }

  enhanced(
    id: number,
    stamp: bigint,
    data: Uint8Array,
    options: readonly Option[] = [],
    length = data.length,
  ): Buffer {
    const body = this.#stamped(this.#writer().u32(id), stamp, data, length);
    return this.block(6, body.raw(this.options(options)).done());
  }

  obsolete(id: number, drops: number, stamp: bigint, data: Uint8Array): Buffer {
    return this.block(2, this.#stamped(this.#writer().u16(id).u16(drops), stamp, data, data.length).done());
  }

  simple(originalLength: number, data: Uint8Array): Buffer {
    return this.block(3, this.#writer().u32(originalLength).raw(data).done());
  }

  statistics(id: number, options: readonly Option[]): Buffer {
    return this.block(5, this.#writer().u32(id).u64(0n).raw(this.options(options)).done());
  }

  options(options: readonly Option[]): Buffer {
    const writer = this.#writer();
    for (const [code, value] of options) writer.u16(code).u16(value.length).raw(value).pad(value.length);
    if (options.length > 0) writer.u16(0).u16(0);
    return writer.done();
  }

  counter(code: number, value: bigint): Option {
    return [code, this.#writer().u64(value).done()];
  }

  #writer(): Writer {
    return new Writer(this.littleEndian);
  }

  #stamped(writer: Writer, stamp: bigint, data: Uint8Array, length: number): Writer {
    writer.u32(Number(stamp >> 32n)).u32(Number(stamp & 0xffff_ffffn));
    return writer.u32(data.length).u32(length).raw(data).pad(data.length);
  }
}
