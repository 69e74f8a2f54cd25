/** The line that tells how far it is: on a terminal alone, one line whatever a file is called, and gone at the end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Progress } from '../../src/cli/progress.js';
import { printMessage } from '../../src/cli/standard-error.js';
import type { Reading } from '../../src/correlate/read-inputs.js';
import { recordedFile } from '../correlate/recorded.js';
import { testWith } from '../gates.js';
import { scratch } from '../scratch.js';
import { ROOT } from '../support.js';

/** A terminal of one line, and a clock that is set by hand. */
class Screen {
  columns: number | undefined = 80;
  now = 0;
  line = '';
  drawn = 0;
  #at = 0;

  readonly progress: Progress;

  constructor(t: ExecutionContext) {
    // The timer draws nothing that the test did not ask for: its clock stands still.
    this.progress = new Progress(this as never, () => this.now);
    t.teardown(() => this.progress.stop());
  }

  cursorTo(column: number): boolean {
    this.#at = column;
    return true;
  }

  clearLine(): boolean {
    this.line = this.line.slice(0, this.#at);
    return true;
  }

  write(text: string): boolean {
    this.drawn++;
    this.line = this.line.slice(0, this.#at) + text + this.line.slice(this.#at + text.length);
    this.#at += text.length;
    return true;
  }

  /** What is shown at a time, s. */
  at(seconds: number): string {
    this.now = seconds * 1000;
    this.progress.draw();
    return this.line;
  }
}

const FILE: Reading = { input: 1, inputs: 1, file: 'a.pcap', octets: 0, total: 4e9, ended: false };

test.serial('nothing within a second; then octets, rate and time left', (t) => {
  const screen = new Screen(t);
  screen.progress.reading(FILE);
  t.is(screen.at(0.9), '');
  screen.progress.reading({ ...FILE, octets: 1e9 });
  t.is(screen.at(2), '25 % of 4.0 GB read, 500 MB/s, 6 s left: a.pcap');
  const { drawn } = screen;
  screen.at(2);
  t.is(screen.drawn, drawn, 'what stands there is not drawn again');
  screen.progress.stop();
  t.is(screen.line, '');
});

test.serial('without a size there is no time left; of several inputs, which it is', (t) => {
  const screen = new Screen(t);
  screen.progress.reading({ ...FILE, total: null });
  screen.progress.reading({ ...FILE, total: null, octets: 5_250_000 });
  t.is(screen.at(3), '5.3 MB read, 1.8 MB/s: a.pcap');
  screen.progress.reading({ ...FILE, total: null, octets: 5_250_000, ended: true });
  screen.progress.reading({ ...FILE, file: 'b.pcap', input: 2, inputs: 3 });
  screen.progress.reading({ ...FILE, file: 'b.pcap', input: 2, inputs: 3, octets: 2e6 });
  t.is(screen.at(4), '0 % of 4.0 GB read, 2.0 MB/s, 34 min left (2 of 3): b.pcap');
});

test.serial('files that are read at once are told of together', (t) => {
  const screen = new Screen(t);
  for (const file of ['a.pcap', 'b.pcap']) {
    screen.progress.reading({ ...FILE, file, inputs: 2 });
    screen.progress.reading({ ...FILE, file, inputs: 2, octets: 1e9 });
  }
  t.is(screen.at(2), '25 % of 8.0 GB read, 1.0 GB/s, 6 s left (1 of 2): 2 files');
});

test.serial('a file that grows as it is read has no end', (t) => {
  const screen = new Screen(t);
  screen.progress.reading({ ...FILE, total: 1000 });
  screen.progress.reading({ ...FILE, octets: 5000, total: 1000 });
  t.is(screen.at(2), '5.0 kB read, 2.5 kB/s: a.pcap');
});

test.serial('a stage of many is told at once, one of few after a second', (t) => {
  const screen = new Screen(t);
  screen.progress.stage('correlating', 120_000, 'connection');
  t.is(screen.line, 'correlating 120,000 connections');
  const other = new Screen(t);
  other.progress.stage('correlating', 3, 'connection');
  t.is(other.line, '');
  t.is(other.at(1), 'correlating 3 connections');
});

test.serial('a message takes its place, and the line comes back below it', (t) => {
  const screen = new Screen(t);
  screen.progress.stage('correlating', 120_000, 'connection');
  const { write } = process.stderr;
  let above = '';
  process.stderr.write = ((text: string) => {
    above = `${screen.line}|${text}`;
    return true;
  }) as typeof write;
  try {
    printMessage('bell \x07');
  } finally {
    process.stderr.write = write;
  }
  t.is(above, '|returnpath: bell \\x07\n');
  t.is(screen.at(1), 'correlating 120,000 connections');
});

/** Columns of the widest letters that there are. */
function columnsOf(text: string): number {
  return [...text].reduce((sum, letter) => sum + (letter <= '~' ? 1 : 2), 0);
}

test.serial('one line that fits, whatever a file is called and however narrow the terminal is', (t) => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.option(fc.nat(4e12)),
      fc.nat(4e12),
      fc.integer({ min: 1, max: 200 }),
      (file, total, octets, columns) => {
        const screen = new Screen(t);
        screen.columns = columns;
        screen.progress.reading({ ...FILE, file, total });
        screen.progress.reading({ ...FILE, file, total, octets });
        const line = screen.at(1.5);
        screen.progress.stop();
        t.true(columnsOf(line) < columns || line === '', `${columns}: ${line}`);
        t.notRegex(line, /[\p{C}\p{M}\p{Zl}\p{Zp}]/u);
      },
    ),
  );
});

/** To the line's beginning, and all behind it cleared. */
const CLEARED = '\x1b[1G\x1b[0K';

const CAPTURE = recordedFile('rp-filter-strict', 'node1.tar.gz', 'node1/any.pcap');

/** The command with a pseudo-terminal for standard error, and a FIFO to read a capture from. */
async function onTerminal(t: ExecutionContext, env: Record<string, string> = {}) {
  const directory = scratch(t);
  const fifo = join(directory, 'node1.pcap');
  const result = join(directory, 'result');
  await once(spawn('mkfifo', [fifo]), 'close');
  writeFileSync(
    join(directory, 'run'),
    `exec '${process.execPath}' '${join(ROOT, 'bin/returnpath.js')}' analyze '${fifo}' > '${result}'\n`,
  );
  const child = spawn('script', ['-qec', `sh ${join(directory, 'run')}`, '/dev/null'], {
    env: { ...process.env, TERM: 'xterm', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const shown = { text: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    shown.text += text;
  });
  const waitFor = async (wanted: RegExp) => {
    while (!wanted.test(shown.text)) await once(child.stdout, 'data');
  };
  return { child, closed: once(child, 'close'), into: createWriteStream(fifo), result, shown, waitFor };
}

testWith('script', 'mkfifo')('on a terminal: shown while it reads, gone before it ends', async (t) => {
  const { closed, into, result, shown, waitFor } = await onTerminal(t);
  into.write(CAPTURE.subarray(0, 5000));
  await waitFor(/5\.0 kB read.*node1\.pcap/);
  into.end(CAPTURE.subarray(5000));
  const [status] = await closed;
  t.is(status, 1);
  t.true(shown.text.endsWith(CLEARED));
  t.notRegex(shown.text, /\n/);
  t.regex(readFileSync(result, 'utf8'), /^FAULT/);
});

testWith('script', 'mkfifo')('broken off: gone as well, and ended by the signal', async (t) => {
  const { child, closed, into, shown, waitFor } = await onTerminal(t);
  into.on('error', () => {});
  into.write(CAPTURE.subarray(0, 5000));
  await waitFor(/5\.0 kB read/);
  child.stdin.write('\x03');
  const [status] = await closed;
  t.is(status, 128 + 2);
  t.true(shown.text.endsWith(CLEARED));
});

testWith('script', 'mkfifo')('an error is printed on a line of its own', async (t) => {
  const { closed, into, shown, waitFor } = await onTerminal(t);
  into.write(CAPTURE.subarray(0, 5000));
  await waitFor(/5\.0 kB read/);
  into.end(Buffer.alloc(5000, 0xff));
  const [status] = await closed;
  t.is(status, 2);
  t.regex(shown.text.split(CLEARED).at(-1)!, /^returnpath: .*\r\n$/);
});

testWith('script', 'mkfifo')('not on a terminal that cannot take back what it shows', async (t) => {
  const { closed, into, shown } = await onTerminal(t, { TERM: 'dumb' });
  into.write(CAPTURE.subarray(0, 5000));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  into.end(CAPTURE.subarray(5000));
  await closed;
  t.is(shown.text, '');
});
