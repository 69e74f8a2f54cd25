/** The table of a live run, in its place at the end of the terminal. */
import { createLogUpdate } from 'log-update';
import { renderLive } from '../report/live/table.js';
import type { LiveView } from '../report/live/view.js';
import { type StatusLine, showBelow } from './standard-error.js';

export class LiveTerminal implements StatusLine {
  readonly #stream: NodeJS.WriteStream;
  readonly #draw;
  readonly #rates = new Map<string, number>();
  #before: LiveView | null = null;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.#draw = createLogUpdate(stream);
    showBelow(this);
  }

  show(view: LiveView): void {
    this.#measure(view);
    this.#before = view;
    const { columns = 80, rows = 24 } = this.#stream;
    const color = process.env.NO_COLOR === undefined || process.env.NO_COLOR === '';
    this.#draw(renderLive(view, { columns, rows: rows - 1, color, rates: this.#rates }));
  }

  clear(): void {
    this.#draw.clear();
  }

  /** Takes the table away for good. */
  stop(): void {
    this.#draw.clear();
    this.#draw.done();
    showBelow(null);
  }

  #measure(view: LiveView): void {
    const before = this.#before;
    if (!before) return;
    const seconds = Math.max(0.1, (view.elapsedMs - before.elapsedMs) / 1000);
    for (const { node, packets } of view.nodes) {
      const was = before.nodes.find((other) => other.node === node)?.packets ?? 0;
      this.#rates.set(node, Math.max(0, packets - was) / seconds);
    }
  }
}
