/** Records this machine: the script that records any node does so here, with tcpdump or with libpcap beside it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { UsageError } from '../model/errors.js';
import { writeReason } from '../model/system-reason.js';
import { collectScript } from './agent/script.js';
import { CapCapture } from './engines/cap.js';
import { loadCap } from './engines/load-cap.js';
import { captureFilter } from './filter.js';
import { makeDirectory } from './make-directory.js';
import { probeWhile } from './probe/probe-while.js';
import type { Probing } from './probe/probing.js';
import { DEFAULTS, type Recording } from './recording.js';

export type Engine = 'tcpdump' | 'cap';

export interface CaptureOptions {
  recording: Recording;
  /** Directory that the bundle is written to. */
  out: string;
  engine: Engine | 'auto';
  /** Of returnpath, which the bundle names. */
  version: string;
  /** Told what a person should know, line by line. */
  onMessage: (message: string) => void;
  /** Ends the capture before its time. */
  signal: AbortSignal;
  /** Begins once packets are captured, which does not end before it has; null: nothing is sent. */
  probing: Probing | null;
}

/** The script ends by itself where it hears nothing for 40 s. */
const HEARTBEAT_MS = 10_000;
const PREFIX = 'returnpath: ';

/**
 * Records this machine's network namespace until its time is over or the signal comes.
 *
 * @returns the archive, or the bundle's directory where no archive could be written
 * @throws UsageError where nothing can be captured, with what to do about it
 */
export async function capture(options: CaptureOptions): Promise<string> {
  const { probing } = options;
  const engine = await chooseEngine(options.engine);
  makeWritable(options.out);
  const script = collectScript(
    // Until it is told, where something else may take longer, or has to end first.
    { ...options.recording, seconds: probing || engine === 'cap' ? 0 : options.recording.seconds },
    { out: options.out, guarded: true, engine },
    options.version,
  );
  // In a process group of its own: Ctrl-C at the terminal is for this process, which ends the script as it should.
  const child = spawn('sh', ['-c', script, 'returnpath-collect'], { detached: true, stdio: 'pipe' });
  child.stdin.on('error', () => {}); // it has ended
  const heartbeat = setInterval(() => child.stdin.write('\n'), HEARTBEAT_MS);
  let beginning: Promise<CapCapture> | null = null;
  const stopCap = async () => (await beginning?.catch(() => null))?.stop();
  const end = async () => {
    // The script packs what there is then.
    await stopCap();
    child.stdin.end();
  };
  options.signal.addEventListener('abort', end);
  let timer: NodeJS.Timeout | undefined;
  let failure: unknown = null;
  let directory: string | null = null;
  let result: string | null = null;
  /** Why it fails is said last, and not told before: it is the error then. */
  const messages: string[] = [];
  const closed = new AbortController();
  let probed: Promise<void> | null = null;
  const probe = () => {
    if (!probing) return;
    const { recording, signal, onMessage } = options;
    const until = recording.seconds === 0 ? null : Date.now() + recording.seconds * 1000;
    const over = AbortSignal.any([signal, closed.signal]);
    probed = probeWhile(probing, until, over, onMessage).then(end);
  };
  const tell = () => {
    for (const message of messages.splice(0)) options.onMessage(message);
  };
  createInterface(child.stderr).on('line', (line) => {
    messages.push(withoutPrefix(line));
    if (child.exitCode === null && directory !== null) tell();
  });
  createInterface(child.stdout).on('line', (line) => {
    if (!line.startsWith('ready ')) {
      result = line;
      return;
    }
    directory = line.slice('ready '.length);
    tell();
    if (engine !== 'cap') {
      probe();
      return;
    }
    beginning = captureHere(options, directory, end);
    beginning.then(
      () => {
        const { interfaces, seconds } = options.recording;
        options.onMessage(`capturing on ${interfaces.join(' ') || 'any'}; Ctrl-C ends it`);
        if (probing) probe();
        else if (seconds > 0) timer = setTimeout(end, seconds * 1000);
      },
      (error: unknown) => {
        failure = error;
        child.stdin.end('abandon\n');
      },
    );
  });
  const [status] = (await once(child, 'close')) as [number | null];
  closed.abort();
  await probed;
  clearInterval(heartbeat);
  clearTimeout(timer);
  options.signal.removeEventListener('abort', end);
  await stopCap();
  if (failure) throw failure;
  if (status === 0) {
    tell();
    return result ?? directory ?? options.out;
  }
  if (status === null && directory !== null) {
    throw new UsageError(`the recording was killed; what there is of it lies in ${directory}`);
  }
  throw new UsageError(messages.at(-1) ?? `the recording script ended with status ${status}`);
}

/** What became of the changes of runs that were killed. */
export interface Restored {
  /** Line by line. */
  done: string[];
  /** What could not be put back, and why; empty where all was. */
  failed: string[];
}

/** Puts back what runs that were killed have changed on this machine. */
export async function restore(version: string): Promise<Restored> {
  const script = collectScript(DEFAULTS, { restores: true }, version);
  const child = spawn('sh', ['-c', script, 'returnpath-restore'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const done: string[] = [];
  const failed: string[] = [];
  createInterface(child.stdout).on('line', (line) => done.push(line));
  createInterface(child.stderr).on('line', (line) => failed.push(withoutPrefix(line)));
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0 && failed.length === 0) failed.push('not everything could be put back');
  return { done, failed: status === 0 ? [] : failed };
}

function withoutPrefix(line: string): string {
  return line.startsWith(PREFIX) ? line.slice(PREFIX.length) : line;
}

async function chooseEngine(wanted: Engine | 'auto'): Promise<Engine> {
  const hasTcpdump = isOnPath('tcpdump');
  if (wanted === 'tcpdump' || (wanted === 'auto' && hasTcpdump)) {
    if (hasTcpdump) return 'tcpdump';
    throw new UsageError('there is no tcpdump; install it, or take --engine cap');
  }
  if (await loadCap()) return 'cap';
  const cure = 'install tcpdump, or libpcap-dev, make and g++ and then returnpath again';
  throw new UsageError(
    wanted === 'cap'
      ? `the package cap could not be built here; ${cure}`
      : `there is neither tcpdump nor the package cap; ${cure}`,
  );
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function makeWritable(path: string): void {
  try {
    makeDirectory(path);
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw new UsageError(`${path}: cannot be written to: ${writeReason(error)}`);
  }
}

function captureHere(
  { recording, onMessage }: CaptureOptions,
  into: string,
  onEnd: () => void,
): Promise<CapCapture> {
  const { interfaces, snaplen, megabytes, files } = recording;
  const octets = megabytes === null ? null : megabytes * 1e6;
  const filter = captureFilter(recording);
  const options = { interfaces, filter, snaplen, rotation: { octets, files }, into };
  return CapCapture.begin(options, { onMessage, onEnd });
}
