/** One node of a live run: its connection, made again when it is lost, and what came over it. */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeReason } from '../model/system-reason.js';
import type { LiveNode } from '../report/live/view.js';
import { collectScript } from './agent/script.js';
import { FrameReader } from './frames.js';
import { PcapStream } from './pcap-stream.js';
import type { Recording } from './recording.js';
import type { Spool } from './spool.js';
import { hangUp, startOnNode } from './start-on-node.js';
import type { Transport } from './transport.js';

export interface NodeStatus extends LiveNode {
  /** When it was lost, and back, milliseconds since 1970: what was not captured between. */
  interruptions: { from: number; until: number | null }[];
}

export interface SessionOptions {
  recording: Recording;
  version: string;
  signal: AbortSignal;
  /** Tries for ever, also where nothing was captured yet. */
  persistent?: boolean;
  /** Told of what a person should know. */
  onMessage: (message: string) => void;
}

const HEARTBEAT_MS = 5000;
/** The script there ends after 40 s of silence; by then it is long lost for us. */
const SILENCE_MS = 20_000;
const SHORTEST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;
/** A script that was told to end has its settings to read and send. */
const ENDING_MS = 30_000;
/** A run that has been under way so long counts as one that works: the next attempt comes soon. */
const STEADY_MS = 60_000;

/** Lines of a transport's that are kept, and interruptions: a run may have no end. */
const MOST_SAID = 100;
const LONGEST_LINE = 4096;
/** What to do where there is no room for what a node sends. */
const ELSEWHERE = 'TMPDIR, or --out of live, names another place';
const MOST_INTERRUPTIONS = 1000;

export class NodeSession {
  readonly node: string;
  readonly spool: Spool;
  readonly #transport: Transport;
  readonly #options: SessionOptions;
  #state: LiveNode['state'] = 'connecting';
  #message: string | null = null;
  /** The last line of the script there that was handed on. */
  #noted: string | null = null;
  #interruptions: { from: number; until: number | null }[] = [];
  /** Of connections before this one. */
  #packetsBefore = 0;
  #octetsBefore = 0;
  #droppedBefore = 0;
  #dropped: number | null = null;
  #stream: PcapStream | null = null;
  #heard: number | null = null;
  #ahead: number | null = null;
  /** A capture has begun at some time, if only its header came. */
  #hasCaptured = false;

  constructor(node: string, transport: Transport, spool: Spool, options: SessionOptions) {
    this.node = node;
    this.spool = spool;
    this.#transport = transport;
    this.#options = options;
  }

  /**
   * How far its clock is ahead of this machine's, ms, but for the way of the quickest packet; null before the first.
   */
  get aheadMs(): number | null {
    return this.#ahead;
  }

  get status(): NodeStatus {
    return {
      node: this.node,
      transport: this.#transport.name,
      state: this.#state,
      message: this.#message,
      interruptions: this.#interruptions,
      packets: this.#packetsBefore + (this.#stream?.packets ?? 0),
      octets: this.#octetsBefore + (this.#stream?.octets ?? 0),
      dropped: this.#dropped === null ? null : this.#droppedBefore + this.#dropped,
      heardMs: this.#heard === null ? null : Date.now() - this.#heard,
    };
  }

  /**
   * Records the node until its time is over or the signal comes. Resolved in any case: how it went is in `status`.
   *
   * @param until milliseconds since 1970; null: until the signal
   */
  async run(until: number | null): Promise<void> {
    const { signal, onMessage, persistent = false } = this.#options;
    let told = '';
    let isFirst = true;
    // However short its time is, it is tried once.
    const isOver = () =>
      signal.aborted || (!isFirst && until !== null && Date.now() >= until - SHORTEST_WAIT_MS);
    let wait = SHORTEST_WAIT_MS;
    while (!isOver()) {
      isFirst = false;
      const begun = Date.now();
      const isFatal = await this.#connect(
        until === null ? 0 : Math.max(1, Math.ceil((until - begun) / 1000)),
      );
      if (isOver()) break;
      if (this.#hasCaptured) this.#interrupt(begun);
      if (!persistent && (isFatal || !this.#hasCaptured)) {
        if (this.#hasCaptured) onMessage(`${this.node}: ${this.#message}; it is not recorded any more`);
        break;
      }
      if (Date.now() - begun > STEADY_MS) {
        wait = SHORTEST_WAIT_MS;
        told = '';
      }
      this.#state = 'waiting';
      const why = this.#message ?? 'the recording ended before its time';
      // One that stays away is told of once.
      if (why !== told) onMessage(`${this.node}: ${why}; again in ${wait / 1000} s`);
      told = why;
      await sleep(wait, undefined, { signal }).catch(() => {});
      wait = Math.min(2 * wait, LONGEST_WAIT_MS);
    }
    this.#state = this.#hasCaptured ? 'ended' : 'failed';
    if (this.#state !== 'failed') return;
    this.#message ??= signal.aborted ? 'ended before anything was captured' : 'nothing was captured';
    if (this.#message !== this.#noted) onMessage(`${this.node}: ${this.#message}`);
  }

  /** From now on it is not recorded. */
  #interrupt(begun: number): void {
    const last = this.#interruptions.at(-1);
    // The attempt to come back failed as well.
    if (last?.until === null) return;
    this.#interruptions.push({ from: this.#heard ?? begun, until: null });
    if (this.#interruptions.length > MOST_INTERRUPTIONS) this.#interruptions.shift();
  }

  /**
   * One connection, from its beginning to its end.
   *
   * @returns whether another one would go no better
   */
  async #connect(seconds: number): Promise<boolean> {
    const { recording, version, signal } = this.#options;
    const script = collectScript(
      { ...recording, node: this.node, seconds },
      { streams: true, guarded: true },
      version,
    );
    const child = startOnNode(this.#transport, script);
    const failed = once(child, 'error').then(([error]) => (error as Error).message);

    const said: string[] = [];
    let isWhole = false;
    let isFatal = false;
    this.spool.begin();
    const stream = new PcapStream(this.spool);
    const counts = lines((line) => this.#readCount(line));
    const notes = lines((line) => {
      isFatal = this.#readNote(line) || isFatal;
    });
    const frames = new FrameReader({
      onPart: (part) => this.spool.onPart(part),
      onPiece: (part, offset, piece) => {
        this.spool.onPiece(part, offset, piece);
        if (part.name.endsWith('.tcpdump.log')) counts(piece);
        if (part.name === 'collect.log') notes(piece);
      },
      onEnd: () => {
        isWhole = true;
      },
      onText: (line) => {
        said.push(line);
        if (said.length > MOST_SAID) said.shift();
        if (line.startsWith('returnpath: ')) isFatal = true;
      },
    });
    let isBroken = false;
    const take = (action: () => void) => {
      if (isBroken) return;
      try {
        action();
      } catch (error) {
        // It sends what nobody can read, or what it sends cannot be kept here: a full disk.
        isBroken = true;
        isFatal = true;
        const { code, message } = error as NodeJS.ErrnoException;
        this.#message =
          code === undefined
            ? message
            : `what it sends cannot be kept on this machine, for ${writeReason(error)}: ${ELSEWHERE}`;
        hangUp(child);
      }
    };
    child.stdout.on('data', (chunk: Buffer) =>
      take(() => {
        stream.push(chunk);
        if (stream.fault !== null) throw new Error(stream.fault);
        if (stream.hasBegun) this.#hear(stream);
      }),
    );
    child.stderr.on('data', (chunk: Buffer) =>
      take(() => {
        frames.push(chunk);
        if (said.length === 0 || this.#stream !== null) this.#heard = Date.now();
      }),
    );
    const stop = this.#watch(child, signal, seconds);
    const error = await Promise.race([failed, once(child, 'close').then(() => null)]);
    stop();
    take(() => frames.finish());
    this.spool.end();
    this.#settle(stream);
    if (!isWhole && this.#message === null)
      this.#message = error ?? said.at(-1)?.replace(/^returnpath: /, '') ?? 'the connection was lost';
    await this.#transport.cleanUp?.(said.join('\n')).catch((reason: Error) => {
      this.#options.onMessage(`${this.node}: ${reason.message.split('\n')[0]}`);
    });
    return isFatal;
  }

  /** Keeps the script there running, ends it when the signal comes, and the connection where nothing is heard. */
  #watch(child: ChildProcessWithoutNullStreams, signal: AbortSignal, seconds: number): () => void {
    const begun = Date.now();
    let ending: NodeJS.Timeout | null = null;
    const end = () => {
      child.stdin.end();
      ending ??= setTimeout(() => hangUp(child), ENDING_MS);
    };
    // It ends by itself; but a pod that never starts, or a node that means ill, would hold up the report.
    const late = seconds > 0 ? setTimeout(end, seconds * 1000 + ENDING_MS) : undefined;
    const heartbeat = setInterval(() => {
      if (!child.stdin.writableEnded) child.stdin.write('\n');
      if (this.#stream !== null && Date.now() - Math.max(begun, this.#heard ?? 0) > SILENCE_MS) {
        this.#message = `nothing was heard for ${SILENCE_MS / 1000} s`;
        hangUp(child);
      }
    }, HEARTBEAT_MS);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
    return () => {
      clearInterval(heartbeat);
      clearTimeout(late);
      if (ending !== null) clearTimeout(ending);
      signal.removeEventListener('abort', end);
    };
  }

  /** The capture has begun to come. */
  #hear(stream: PcapStream): void {
    this.#heard = Date.now();
    if (stream.lastMs !== null) this.#ahead = Math.max(this.#ahead ?? -Infinity, stream.lastMs - this.#heard);
    if (this.#stream === stream) return;
    this.#stream = stream;
    this.#hasCaptured = true;
    this.#state = 'capturing';
    this.#message = null;
    const last = this.#interruptions.at(-1);
    if (last && last.until === null) last.until = Date.now();
  }

  #settle(stream: PcapStream): void {
    this.#packetsBefore += stream.packets;
    this.#octetsBefore += stream.octets;
    this.#droppedBefore += this.#dropped ?? 0;
    if (this.#dropped !== null) this.#dropped = 0;
    if (this.#stream === stream) this.#stream = null;
  }

  /** What tcpdump says each second, and at its end. */
  #readCount(line: string): void {
    const count = /(\d+) packets? dropped by kernel/.exec(line)?.[1];
    if (count !== undefined) this.#dropped = Number(count);
  }

  /** @returns whether nothing can be captured there, however often it is tried */
  #readNote(line: string): boolean {
    this.#options.onMessage(`${this.node}: ${line}`);
    this.#noted = line;
    const isGrave = /^no tcpdump|^no interface|^any: /.test(line);
    if (isGrave) this.#message = line;
    return isGrave;
  }
}

/** Lines of what comes in pieces, each once it is whole. */
function lines(onLine: (line: string) => void): (piece: Uint8Array) => void {
  let rest = '';
  return (piece) => {
    const parts = (rest + Buffer.from(piece).toString('latin1')).split('\n');
    rest = parts.pop()!.slice(-LONGEST_LINE);
    for (const part of parts) if (part !== '') onLine(Buffer.from(part, 'latin1').toString());
  };
}
