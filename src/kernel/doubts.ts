/**
 * What an answer had to assume, collected while it is worked out. A question is answered once, so each line is
 * kept once, in order.
 */
export class Doubts {
  readonly lines: string[] = [];

  add(line: string): void {
    if (!this.lines.includes(line)) this.lines.push(line);
  }

  addAll(other: Doubts): void {
    for (const line of other.lines) this.add(line);
  }
}
