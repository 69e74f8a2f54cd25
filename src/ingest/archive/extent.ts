import type { Member } from './member.js';

/** How far an archive was read: one that ends early has to be told from one that never had more. */
export class ArchiveExtent {
  #before = 0;
  #last: Member | null = null;
  #taken: 'capture' | 'file' | null = null;

  begin(member: Member): void {
    if (this.#last) this.#before++;
    this.#last = member;
    this.#taken = null;
  }

  /** The last member was made something of. */
  take(kind: string): void {
    if (kind === 'capture' || kind === 'file') this.#taken = kind;
  }

  /** Where an archive that ends here was cut, and what was read of it: half of a capture is, half of a listing is not. */
  describeCut(): string {
    if (!this.#last) return 'is cut off before its first file: nothing of it was read';
    const { path, chunks } = this.#last;
    const isPart = 'truncated' in chunks && chunks.truncated;
    const [place, fate] =
      this.#taken === null
        ? ['within', 'which was not read']
        : isPart
          ? ['within', 'which was read up to there']
          : ['behind', 'which was read'];
    const files = this.#before === 1 ? '1 file' : `${this.#before} files`;
    return `is cut off ${place} ${path}, ${fate}: ${files} before it ${this.#before === 1 ? 'was' : 'were'} read, what came after it is missing`;
  }
}
