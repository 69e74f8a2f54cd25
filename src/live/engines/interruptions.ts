import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedInterruption } from '../../ingest/recorder.js';

/** A recording may have no end. */
const MOST = 1000;

/** What was not captured meanwhile, told to the script that writes the bundle. */
export class Interruptions {
  readonly #directory: string;
  readonly #all: RecordedInterruption[] = [];

  /** @param directory the bundle's */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /**
   * Does nothing where there is one already.
   *
   * @param from milliseconds since 1970
   */
  begin(name: string | null, from: number, why: string): void {
    if (this.#open(name)) return;
    this.#all.push({ interface: name, from: stamp(from), until: null, why });
    if (this.#all.length > MOST) this.#all.shift();
    this.#write();
  }

  /** Does nothing where there is none. */
  end(name: string | null, until: number): void {
    const open = this.#open(name);
    if (!open) return;
    open.until = stamp(until);
    this.#write();
  }

  #open(name: string | null): RecordedInterruption | undefined {
    return this.#all.find((one) => one.interface === name && one.until === null);
  }

  #write(): void {
    const lines = this.#all.map((one) => `${JSON.stringify(one)}\n`);
    try {
      writeFileSync(join(this.#directory, '.interruptions'), lines.join(''));
      writeFileSync(join(this.#directory, '.retell'), '');
    } catch {} // the disk is full, or the recording over: the bundle says that
  }
}

function stamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
