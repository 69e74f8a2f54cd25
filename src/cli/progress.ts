/** How far it is, on the terminal's last line, once it takes longer than a second. */
import type { WriteStream } from 'node:tty';
import type { Reading } from '../correlate/read-inputs.js';
import { escapeText } from '../report/escape.js';
import { counted } from '../report/terminal/words.js';
import { type StatusLine, showBelow } from './standard-error.js';

export type Terminal = Pick<WriteStream, 'columns' | 'cursorTo' | 'clearLine' | 'write'>;

/** What ends sooner is not worth a line, ms. */
const PATIENCE = 1000;
/** Between two drawings, ms. */
const INTERVAL = 200;
/** More connections than this take longer than that, and nothing is drawn while they do. */
const MANY = 20_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A file that is being read. */
interface Open {
  reading: Reading;
  /** When it was told of first. */
  since: number;
  /** Octets that had been read of it by then. */
  before: number;
}

export class Progress implements StatusLine {
  readonly #terminal: Terminal;
  readonly #now: () => number;
  readonly #begun: number;
  readonly #timer: NodeJS.Timeout;
  readonly #open = new Map<string, Open>();
  #stage: string | null = null;
  /** What the line shows; empty where nothing does. */
  #shown = '';

  /** @param now milliseconds of a clock */
  constructor(terminal: Terminal, now = () => performance.now()) {
    this.#terminal = terminal;
    this.#now = now;
    this.#begun = now();
    this.#timer = setInterval(() => this.draw(), INTERVAL).unref();
    showBelow(this);
  }

  /** Takes note of how far the reading of a file is; as cheap as can be, for every chunk of it. */
  readonly reading = (reading: Reading): void => {
    const { file, octets, ended } = reading;
    // What was correlated may turn out to be too little.
    this.#stage = null;
    const open = this.#open.get(file);
    if (ended) this.#open.delete(file);
    else if (open) open.reading = reading;
    else this.#open.set(file, { reading, since: this.#now(), before: octets });
  };

  /** What is done from here on, with how many; it may leave no time for the timer. */
  readonly stage = (doing: string, count: number, noun: string): void => {
    this.#stage = `${doing} ${counted(count, noun)}`;
    if (count > MANY || this.#shown !== '') this.#show();
    else this.draw();
    // Nothing is called while it lasts, and a signal has to end it nevertheless.
    this.#letSignals();
  };

  /** Draws the line anew, where its time has come and it has changed. */
  draw(): void {
    if (this.#now() - this.#begun >= PATIENCE) this.#show();
  }

  clear(): void {
    if (this.#shown === '') return;
    this.#shown = '';
    this.#terminal.cursorTo(0);
    this.#terminal.clearLine(1);
    this.#letSignals();
  }

  /** Takes the line away for good. */
  stop(): void {
    clearInterval(this.#timer);
    this.clear();
    showBelow(null);
  }

  #show(): void {
    const columns = this.#terminal.columns || 80;
    const text = this.#stage === null ? this.#readingText(columns - 1) : cut(this.#stage, columns - 1);
    if (text === '' || text === this.#shown) return;
    if (this.#shown === '' && this.#stage === null) {
      for (const signal of SIGNALS) process.once(signal, this.#onSignal);
    }
    this.#shown = text;
    // What stood there is overwritten before the rest is cleared: the other way round it would flicker.
    this.#terminal.cursorTo(0);
    this.#terminal.write(text);
    this.#terminal.clearLine(1);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.stop();
    process.kill(process.pid, signal);
  };

  #letSignals(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  #readingText(columns: number): string {
    const files = [...this.#open.values()];
    if (files.length === 0) return '';
    let octets = 0;
    let total: number | null = 0;
    let rate = 0;
    for (const { reading, since, before } of files) {
      octets += reading.octets;
      total = total === null || reading.total === null ? null : total + reading.total;
      const seconds = (this.#now() - since) / 1000;
      if (seconds > 0) rate += (reading.octets - before) / seconds;
    }
    const { file, input, inputs } = files.at(-1)!.reading;
    const figures = [amountText(octets, total)];
    if (rate > 0) figures.push(`${sizeText(rate)}/s`);
    if (rate > 0 && total !== null && total > octets)
      figures.push(`${timeText((total - octets) / rate)} left`);
    const place = inputs > 1 ? ` (${input} of ${inputs})` : '';
    const known = `${figures.join(', ')}${place}: `;
    const name = files.length > 1 ? counted(files.length, 'file') : escapeText(file);
    // The end of a path tells more than its beginning.
    return cut(`${known}${cutFront(name, columns - known.length)}`, columns);
  }
}

function amountText(octets: number, total: number | null): string {
  if (total === null || total < octets) return `${sizeText(octets)} read`;
  return `${Math.floor((octets / Math.max(total, 1)) * 100)} % of ${sizeText(total)} read`;
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

function sizeText(octets: number): string {
  let unit = 0;
  let size = octets;
  while (size >= 999.5 && unit < UNITS.length - 1) {
    size /= 1000;
    unit++;
  }
  return `${unit === 0 || size >= 99.95 ? Math.round(size) : size.toFixed(1)} ${UNITS[unit]}`;
}

function timeText(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.ceil(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const CUT = '...';

/** As much of the beginning as fits. */
function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  for (const character of text) {
    if (widthOf(kept + character) > columns - CUT.length) break;
    kept += character;
  }
  return (kept + CUT).slice(0, Math.max(columns, 0));
}

/** As much of the end as fits. */
function cutFront(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = '';
  for (const character of [...text].reverse()) {
    if (widthOf(character + kept) > columns - CUT.length) break;
    kept = character + kept;
  }
  return CUT + kept;
}

/** Columns that a text takes at the most: what is not ASCII may be as wide as two letters. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += character <= '~' ? 1 : 2;
  return width;
}
