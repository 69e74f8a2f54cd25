/** Where in a file records begin, a few of them: what is wanted of a large file again need not be looked for from its start. */

/** Plain data: it can be posted from one thread to another. */
export interface Waypoint {
  /** Packets before it. */
  packets: number;
  /** Where its record begins, in octets of the (decompressed) file. */
  offset: number;
}

/** As many as take no room to speak of. */
const MOST = 4096;

/** Octets between two, for as long as there is room for all of them. */
const FIRST_STRIDE = 256 * 1024;

/** Gathers the waypoints of one file, ever farther from each other as it grows. */
export class Waypoints {
  #all: Waypoint[] = [];
  #stride = FIRST_STRIDE;
  #next = 0;

  get all(): readonly Waypoint[] {
    return this.#all;
  }

  /** Told of records in the order of the file; of most of them nothing is kept. */
  pass(packets: number, offset: number): void {
    if (offset < this.#next) return;
    this.#all.push({ packets, offset });
    if (this.#all.length === MOST) {
      this.#all = this.#all.filter((_, i) => i % 2 === 0);
      // Where records are longer than the stride, they set it.
      this.#stride = Math.max(this.#stride * 2, this.#all[1]!.offset - this.#all[0]!.offset);
    }
    this.#next = this.#all.at(-1)!.offset + this.#stride;
  }
}

/** The last that lies before a packet, or at its record; null where there is none. */
export function waypointBefore(waypoints: readonly Waypoint[], packet: number): Waypoint | null {
  let [low, high] = [0, waypoints.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (waypoints[middle]!.packets < packet) low = middle + 1;
    else high = middle;
  }
  return waypoints[low - 1] ?? null;
}
