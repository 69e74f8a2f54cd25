/** Hot path. One capture's tables, as the sift reads them: numbers, and no objects for rows. */
import type { Direction } from '../../model/analysis.js';
import {
  ADDRESS_SHIFT,
  CELL_FRAME,
  FLOW_ADDRESS_A,
  FLOW_ADDRESS_B,
  FLOW_PORTS,
  FLOW_STATE,
  FRAME_INTERFACE,
  FRAME_LINK,
  FRAME_SHIFT,
  LINK_IS_IFINDEX,
  LINK_PACKET_TYPE,
  LINK_PACKET_TYPE_SHIFT,
  STATE_CLIENT_IS_B,
  STATE_VERSION,
  TTL_SHIFT,
} from '../../wasm/layout.js';
import { type CaptureFile, CapturePoints } from '../capture-points.js';
import { mix, type TextNumbers } from '../likeness.js';
import type { Observations } from '../track/observations.js';
import { Observed } from '../track/observed.js';
import { Rows } from '../track/rows.js';
import type { SightingLists } from '../track/sighting-lists.js';

/** PACKET_OUTGOING, as `LINK_PACKET_TYPE` has it. */
const OUTGOING = 5;

export class CaptureTables {
  readonly flows: Rows;
  readonly cells: Rows;
  readonly lists: SightingLists;
  readonly node: number;
  readonly #observed: Observed;
  readonly #frames: Rows;
  /** Of each frame, in how many tunnels it is. */
  readonly #depths: number[] = [];
  readonly #directions: Direction[] = [];
  readonly #points: CapturePoints;
  /** IPv6 addresses, four words each. */
  readonly #words6: Int32Array;
  /** All captures' numbers of addresses; those of this one's, by word. */
  readonly #addresses: TextNumbers;
  readonly #servers4 = new Map<number, number>();
  readonly #servers6 = new Map<number, number>();

  /**
   * @param node number of its node
   * @param addresses what all captures number addresses by
   */
  constructor(file: CaptureFile, observations: Observations, node: number, addresses: TextNumbers) {
    this.#observed = new Observed(observations);
    this.flows = this.#observed.flows;
    this.cells = this.#observed.cells;
    this.lists = this.#observed.lists;
    this.node = node;
    this.#addresses = addresses;
    this.#frames = new Rows(observations.frames, FRAME_SHIFT);
    this.#points = new CapturePoints(file);
    const { buffer, byteOffset, length } = observations.addresses;
    this.#words6 = new Int32Array(buffer, byteOffset, length >>> 2);
  }

  version(row: number): number {
    return this.flows.get(row, FLOW_STATE) & STATE_VERSION;
  }

  /** The address as the tables have it. */
  clientWord(row: number): number {
    return this.flows.get(row, this.#clientIsB(row) ? FLOW_ADDRESS_B : FLOW_ADDRESS_A);
  }

  serverWord(row: number): number {
    return this.flows.get(row, this.#clientIsB(row) ? FLOW_ADDRESS_A : FLOW_ADDRESS_B);
  }

  /** The client's port in the upper half, the server's in the lower. */
  ports(row: number): number {
    const ports = this.flows.get(row, FLOW_PORTS);
    return this.#clientIsB(row) ? ((ports << 16) | (ports >>> 16)) >>> 0 : ports;
  }

  serverAddress(row: number): string {
    return this.#observed.address(this.serverWord(row), this.version(row));
  }

  /** A number for the server's address, the same in all captures. */
  serverNumber(row: number): number {
    const known = this.version(row) === 6 ? this.#servers6 : this.#servers4;
    const word = this.serverWord(row);
    let number = known.get(word);
    if (number === undefined) {
      number = this.#addresses.of(this.serverAddress(row));
      known.set(word, number);
    }
    return number;
  }

  /** Whether rows of two captures, or of one, have the same client and server. */
  haveSameEnds(row: number, other: CaptureTables, otherRow: number): boolean {
    const version = this.version(row);
    if (version !== other.version(otherRow) || this.ports(row) !== other.ports(otherRow)) return false;
    return (
      this.#isSame(version, this.clientWord(row), other, other.clientWord(otherRow)) &&
      this.#isSame(version, this.serverWord(row), other, other.serverWord(otherRow))
    );
  }

  /** The same for rows of the same ends in any capture, whichever end is the client. */
  endsHash(row: number): number {
    const { flows } = this;
    const ports = flows.get(row, FLOW_PORTS);
    const version = this.version(row);
    const a = this.#addressHash(flows.get(row, FLOW_ADDRESS_A), version);
    const b = this.#addressHash(flows.get(row, FLOW_ADDRESS_B), version);
    return (mix(a, ports >>> 16) + mix(b, ports & 0xffff)) | 0;
  }

  /** Whether two sightings may have been at one place: the interface and the way through it, within the same tunnels. */
  areAtOnePlace(cell: number, other: number): boolean {
    const { cells, lists } = this;
    const ttls = cells.get(cell, CELL_FRAME) ^ cells.get(other, CELL_FRAME);
    if (((ttls >>> TTL_SHIFT) & 0xff) !== 0) return false;
    const [one, two] = [lists.frameOf(cell), lists.frameOf(other)];
    if (one === two) return true;
    const frames = this.#frames;
    return (
      frames.get(one, FRAME_INTERFACE) === frames.get(two, FRAME_INTERFACE) &&
      ((frames.get(one, FRAME_LINK) ^ frames.get(two, FRAME_LINK)) & LINK_IS_IFINDEX) === 0 &&
      this.#isOutgoing(one) === this.#isOutgoing(two) &&
      this.#depth(one) === this.#depth(two)
    );
  }

  /** Which way a sighting went, where its frame tells. */
  direction(cell: number): Direction {
    const id = this.lists.frameOf(cell);
    let direction = this.#directions[id];
    if (direction === undefined) {
      const frame = this.#observed.frame(id);
      const point = this.#points.point(frame.interface, frame.isIfindex);
      const { packetType, etherSource, etherDestination } = frame;
      direction = this.#points.direction(point, packetType, etherSource, etherDestination, '', '');
      this.#directions[id] = direction;
    }
    return direction;
  }

  #clientIsB(row: number): boolean {
    return (this.flows.get(row, FLOW_STATE) & STATE_CLIENT_IS_B) !== 0;
  }

  #isOutgoing(frame: number): boolean {
    const link = this.#frames.get(frame, FRAME_LINK);
    return ((link >>> LINK_PACKET_TYPE_SHIFT) & LINK_PACKET_TYPE) === OUTGOING;
  }

  #depth(frame: number): number {
    this.#depths[frame] ??= this.#observed.frame(frame).encapsulations.length;
    return this.#depths[frame];
  }

  #isSame(version: number, word: number, other: CaptureTables, otherWord: number): boolean {
    if (version !== 6 || other === this) return word === otherWord;
    const at = word << (ADDRESS_SHIFT - 2);
    const otherAt = otherWord << (ADDRESS_SHIFT - 2);
    for (let i = 0; i < 4; i++) {
      if (this.#words6[at + i] !== other.#words6[otherAt + i]) return false;
    }
    return true;
  }

  #addressHash(word: number, version: number): number {
    if (version !== 6) return mix(0, word);
    let hash = 6;
    const at = word << (ADDRESS_SHIFT - 2);
    for (let i = 0; i < 4; i++) hash = mix(hash, this.#words6[at + i]!);
    return hash;
  }
}
