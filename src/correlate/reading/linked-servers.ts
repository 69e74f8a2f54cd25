/** Which connections that were passed over may be legs of those that are wanted: as `link.ts` links them, or more. */
import {
  NOTE_CLIENT,
  NOTE_ECHO_SHIFT,
  NOTE_MARKS,
  NOTE_NUMBER,
  NOTE_SERVER,
  NOTE_SERVER_KNOWN,
  NOTE_SERVER_NUMBER,
  NOTE_SHIFT,
  NOTE_STAMP,
  NOTE_STAMPS,
} from '../../wasm/layout.js';
import { MAX_CLIENTS_PER_ISN, MAX_LEGS_PER_ISN } from '../link.js';
import type { PassedOver } from '../track/interest.js';

type PassedNotes = Pick<PassedOver, 'notes' | 'wanted'>;

const NOTE_WORDS = 1 << (NOTE_SHIFT - 2);

/** @returns words of the servers' addresses, each once */
export function linkedServers(captures: readonly PassedNotes[]): number[] {
  const own = joined(captures.map((capture) => capture.wanted));
  const wanted = new NotesByNumber(own);
  const servers = new Set<number>();
  const others = new Map<number, SameNumber>();
  for (const { notes } of captures) {
    wanted.forEachNumbered(notes, (at, isAlike) => {
      if (isAlike) servers.add(notes[at + NOTE_SERVER]!);
      else noteOther(others, notes, at);
    });
  }
  if (others.size === 0) return [...servers];
  for (const { notes } of captures) {
    wanted.forEachNumbered(notes, (at, isAlike) => noteLeg(others, notes, at, isAlike));
  }
  for (let at = 0; at < own.length; at += NOTE_WORDS) noteLeg(others, own, at, false);
  for (const same of others.values()) {
    const { isLinked, clients, legs } = same;
    const isRandom = clients.size <= MAX_CLIENTS_PER_ISN && legs.size <= MAX_LEGS_PER_ISN;
    if (isLinked || !isRandom) for (const server of same.servers) servers.add(server);
  }
  return [...servers];
}

/** The initial sequence numbers of connections that are wanted, each once. */
export function wantedNumbers(captures: readonly PassedNotes[]): number[] {
  const numbers = new Set<number>();
  for (const { wanted } of captures) {
    for (let at = 0; at < wanted.length; at += NOTE_WORDS) numbers.add(wanted[at + NOTE_NUMBER]!);
  }
  return [...numbers];
}

/** What has a number that both a connection that is wanted has and one that is not, and is like it in nothing else. */
interface SameNumber {
  /** Of what is not wanted. */
  servers: Set<number>;
  /** Of all: more than a few tell that the number is no random one. */
  clients: Set<number>;
  legs: Set<number>;
  /** Something else that is like what is wanted has the number: a SYN that was tried again, and translated anew. */
  isLinked: boolean;
}

function noteOther(others: Map<number, SameNumber>, notes: Int32Array, at: number): void {
  const number = notes[at + NOTE_NUMBER]!;
  let same = others.get(number);
  if (!same) {
    same = { servers: new Set(), clients: new Set(), legs: new Set(), isLinked: false };
    others.set(number, same);
  }
  same.servers.add(notes[at + NOTE_SERVER]!);
}

function noteLeg(
  others: ReadonlyMap<number, SameNumber>,
  notes: Int32Array,
  at: number,
  isAlike: boolean,
): void {
  const same = others.get(notes[at + NOTE_NUMBER]!);
  if (!same) return;
  const client = notes[at + NOTE_MARKS]! & NOTE_CLIENT;
  same.clients.add(client);
  same.legs.add(notes[at + NOTE_SERVER]! * (NOTE_CLIENT + 1) + client);
  if (isAlike) same.isLinked = true;
}

function joined(parts: readonly Int32Array[]): Int32Array {
  const whole = new Int32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Notes by number. Nearly all that is looked for is not there, which one look tells. */
class NotesByNumber {
  readonly #notes: Int32Array;
  readonly #shift: number;
  /** By hash: a note's place plus 1, 0 for none. */
  readonly #heads: Int32Array;
  /** By note: the next of the same hash. */
  readonly #next: Int32Array;

  constructor(notes: Int32Array) {
    const count = notes.length / NOTE_WORDS;
    const bits = Math.max(4, 34 - Math.clz32(count));
    this.#notes = notes;
    this.#shift = 32 - bits;
    this.#heads = new Int32Array(2 ** bits);
    this.#next = new Int32Array(count);
    for (let at = 0; at < notes.length; at += NOTE_WORDS) {
      const place = placeOf(notes[at + NOTE_NUMBER]!, this.#shift);
      this.#next[at / NOTE_WORDS] = this.#heads[place]!;
      this.#heads[place] = at + 1;
    }
  }

  /**
   * Calls back for each of other notes whose number is known.
   *
   * @param found given its place, and whether it may be of a connection that has the number here
   */
  forEachNumbered(others: Int32Array, found: (at: number, isAlike: boolean) => void): void {
    const heads = this.#heads;
    const shift = this.#shift;
    for (let at = 0; at < others.length; at += NOTE_WORDS) {
      const number = others[at + NOTE_NUMBER]!;
      const head = heads[placeOf(number, shift)]!;
      if (head === 0) continue;
      let isNumbered = false;
      let isOne = false;
      for (let one = head - 1; one >= 0 && !isOne; one = this.#next[one / NOTE_WORDS]! - 1) {
        if (this.#notes[one + NOTE_NUMBER] !== number) continue;
        isNumbered = true;
        isOne = isAlike(this.#notes, one, others, at);
      }
      if (isNumbered) found(at, isOne);
    }
  }
}

function placeOf(number: number, shift: number): number {
  return Math.imul(number, 0x9e3779b1) >>> shift;
}

/** A packet of both, or an end of both; of two without time stamps nothing tells that they are not one. */
function isAlike(some: Int32Array, a: number, others: Int32Array, b: number): boolean {
  if (some[a + NOTE_SERVER] === others[b + NOTE_SERVER]) return true;
  const marks = some[a + NOTE_MARKS]!;
  const changed = marks ^ others[b + NOTE_MARKS]!;
  if ((changed & NOTE_CLIENT) === 0) return true;
  if ((marks & NOTE_SERVER_KNOWN) !== 0 && (changed & NOTE_SERVER_NUMBER) === 0) return true;
  const [one, other] = [some[a + NOTE_STAMPS]!, others[b + NOTE_STAMPS]!];
  if (one === 0 && other === 0) return true;
  return stampsOf(one).some((stamp) => stamp !== 0 && stampsOf(other).includes(stamp));
}

/** Of the SYN, and of that which the SYN-ACK echoes. */
function stampsOf(word: number): [number, number] {
  return [word & NOTE_STAMP, word >>> NOTE_ECHO_SHIFT];
}
