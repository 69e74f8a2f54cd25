/** Records several nodes at once, and analyzes what they saw while it comes in. */
import { setMaxListeners } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { analyze } from '../analyze.js';
import type { Analysis, Gap } from '../model/analysis.js';
import { UsageError } from '../model/errors.js';
import { writeReason } from '../model/system-reason.js';
import type { LiveView } from '../report/live/view.js';
import { Analyst } from './analyst.js';
import { NodeSession } from './node-session.js';
import type { ProbePlan } from './probe/plan.js';
import { probeWhile, restOf } from './probe/probe-while.js';
import { Probing } from './probe/probing.js';
import type { Recording } from './recording.js';
import { Spool, type Window } from './spool.js';
import type { Transport } from './transport.js';
import { withinDirectory } from './within.js';

export interface LiveOptions {
  nodes: readonly { name: string; transport: Transport }[];
  recording: Recording;
  /** Directory that the bundles are kept in, one a node; null: they are gone afterwards. */
  out: string | null;
  /** How much of what comes is kept; null: all. */
  window: Window | null;
  /** What is sent on purpose meanwhile; null: nothing. */
  probe: ProbePlan | null;
  version: string;
  /** A node that cannot be reached is tried for ever; else only one that was recorded before. */
  persistent?: boolean;
  /** Ends it before its time. */
  signal: AbortSignal;
  onMessage: (message: string) => void;
  /** Every second. */
  onView: (view: LiveView) => void;
}

const SECOND = 1000;
/** An analysis is begun so long after the last one ended, or three times as long as that took. */
const PAUSE_MS = 2000;
const PAUSE_FACTOR = 3;
/** A connection that has not been made yet may still be: its SYN is sent again after one second, and three, and seven. */
const SETTLED_MS = 8000;
/** It waits for nodes that cannot be reached no longer than that. */
const REACHING_MS = 60_000;
const POLL_MS = 100;

/**
 * Records the nodes until their time is over or the signal comes.
 *
 * @returns the analysis of all that was recorded, with a gap for each node that was not, or not all the time, and what
 *   became of the probe
 * @throws UsageError where no node could be recorded, or `out` has a bundle of one already
 */
export async function live(options: LiveOptions): Promise<Analysis> {
  const { out, recording, nodes, window, onMessage } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const probing = options.probe === null ? null : new Probing(options.probe, onMessage);
  // Each node listens to it.
  setMaxListeners(0, signal);
  if (out !== null) for (const { name } of nodes) refuseEarlier(join(out, name));
  const root = out ?? makeTemporary();
  const clear = () => rmSync(root, { recursive: true, force: true });
  const named = <T extends Analysis | string>(told: T) => (out === null ? withinDirectory(told, root) : told);
  // Also where the process ends otherwise, as when who reads its output is gone.
  if (out === null) process.once('exit', clear);
  try {
    const sessions = nodes.map(({ name, transport }) => {
      const spool = makeSpool(join(root, name), window);
      return new NodeSession(name, transport, spool, { ...options, signal });
    });
    const begun = Date.now();
    const until = recording.seconds === 0 ? null : begun + recording.seconds * SECOND;
    let isOver = false;
    // The run does not end before the probe has: the nodes are told when.
    const runs = Promise.all(sessions.map((session) => session.run(probing ? null : until))).then(() => {
      isOver = true;
      over.abort();
    });
    const probed =
      probing && probeThenEnd(probing, sessions, until, signal, onMessage).then(() => over.abort());
    const analyst = new Analyst();
    let latest: { analysis: Analysis; at: number } | null = null;
    const analyzing = (async () => {
      while (!isOver) {
        const asked = Date.now();
        for (const { spool } of sessions) spool.prune(asked);
        const inputs = inputsOf(sessions);
        const answer = inputs.length > 0 ? await analyst.ask({ inputs, vips: recording.vips }) : null;
        if (answer && 'analysis' in answer) latest = { analysis: named(answer.analysis), at: asked };
        const took = answer && 'analysis' in answer ? answer.tookMs : 0;
        await Promise.race([runs, sleep(Math.max(PAUSE_MS, PAUSE_FACTOR * took), undefined, { ref: false })]);
      }
    })();
    const show = () => {
      const view = viewOf(sessions, latest, begun, until, signal.aborted);
      options.onView({ ...view, ...probing?.describe(null) });
    };
    const views = setInterval(show, SECOND);
    try {
      await runs;
      await probed;
      await analyzing;
      show();
    } finally {
      clearInterval(views);
      await analyst.stop();
    }
    const concluded = await conclude(sessions, recording, (message) => onMessage(named(message)));
    const analysis = named(concluded);
    if (out === null) analysis.capturesKept = false;
    return { ...analysis, ...probing?.describe(analysis) };
  } finally {
    if (out === null) {
      process.off('exit', clear);
      clear();
    }
  }
}

/** Probes once all nodes capture that can; resolved when that, and the run's time, is over. */
async function probeThenEnd(
  probing: Probing,
  sessions: readonly NodeSession[],
  until: number | null,
  signal: AbortSignal,
  onMessage: (message: string) => void,
): Promise<void> {
  const pause = (milliseconds: number) => sleep(milliseconds, undefined, { signal }).catch(() => {});
  const are = (state: NodeSession['status']['state']) =>
    sessions.some(({ status }) => status.state === state);
  const latest = Date.now() + REACHING_MS;
  while (are('connecting') && Date.now() < latest && !signal.aborted) await pause(POLL_MS);
  if (are('capturing')) return probeWhile(probing, until, signal, onMessage);
  if (!signal.aborted) onMessage('no node captures: nothing is probed');
  return restOf(until, signal);
}

/**
 * An earlier recording is not written over: its log and its drops would be taken for this one's.
 *
 * @throws UsageError
 */
function refuseEarlier(directory: string): void {
  let isEmpty = true;
  try {
    isEmpty = !existsSync(directory) || readdirSync(directory).length === 0;
  } catch {
    // It is no directory, or not ours: making it tells.
  }
  if (!isEmpty) throw new UsageError(`--out: ${directory} is not empty; name another directory`);
}

/** @throws UsageError */
function makeTemporary(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'returnpath-run-'));
  } catch (error) {
    throw new UsageError(`no temporary directory can be made in ${tmpdir()}: ${writeReason(error)}`);
  }
}

/** @throws UsageError */
function makeSpool(directory: string, window: Window | null): Spool {
  try {
    // What an earlier run saw would be taken for this one's.
    return new Spool(directory, window);
  } catch (error) {
    throw new UsageError(`${directory}: cannot be written to: ${writeReason(error)}`);
  }
}

/** Those of which something has come. */
function inputsOf(sessions: readonly NodeSession[]): string[] {
  return sessions
    .filter(({ spool }) => readdirSync(spool.directory).length > 0)
    .map(({ node, spool }) => `${node}=${spool.directory}`);
}

function viewOf(
  sessions: readonly NodeSession[],
  latest: { analysis: Analysis; at: number } | null,
  begun: number,
  until: number | null,
  isEnding: boolean,
): LiveView {
  const nodes = sessions.map(({ status }) => status);
  // What a node that is behind has not sent yet is not lost.
  const behind = Math.max(0, ...nodes.filter((n) => n.state === 'capturing').map((n) => n.heardMs ?? 0));
  return {
    elapsedMs: Date.now() - begun,
    leftMs: until === null ? null : Math.max(0, until - Date.now()),
    isEnding: isEnding || (until !== null && Date.now() >= until),
    nodes,
    analysis: latest?.analysis ?? null,
    settledUntilMs:
      latest === null ? 0 : latest.at + aheadOf(sessions, latest.analysis) - SETTLED_MS - behind,
    probes: [],
    arpings: [],
  };
}

/** Times of an analysis are by its first node's clock. */
function aheadOf(sessions: readonly NodeSession[], { clocks, inputs }: Analysis): number {
  const first = clocks[0]?.node ?? inputs[0]?.node;
  return sessions.find(({ node }) => node === first)?.aheadMs ?? 0;
}

async function conclude(
  sessions: readonly NodeSession[],
  { vips }: Recording,
  warn: (message: string) => void,
): Promise<Analysis> {
  const inputs = inputsOf(sessions);
  const failed = sessions.map(({ status }) => status).filter(({ state }) => state === 'failed');
  if (failed.length === sessions.length || inputs.length === 0) {
    throw new UsageError(`no node could be recorded (${failed.map(({ node }) => node).join(', ')})`);
  }
  const options = { vips, keepGoing: true, attempts: 'default', quotes: true, warn } as const;
  const analysis = await analyze(inputs, options);
  const gaps = sessions.flatMap(({ status }) => gapsOf(status));
  return { ...analysis, gaps: [...gaps, ...analysis.gaps] };
}

function gapsOf({ node, state, message, interruptions, transport }: NodeSession['status']): Gap[] {
  const at = { node, interface: null };
  if (state === 'failed') {
    const why = `${node} could not be recorded by ${transport}: ${message ?? 'nothing came'}; what it saw is not known`;
    return [{ ...at, why, capture: 'returnpath collect-script > collect.sh; sh collect.sh' }];
  }
  return interruptions.map(({ from, until }) => {
    const reason = message === null ? '' : ` (${message})`;
    const why =
      until === null
        ? `the recording of ${node} broke off at ${stamp(from)} and was not taken up again${reason}: what it saw since is not known`
        : `the connection to ${node} was lost at ${stamp(from)}, and was made again at ${stamp(until)}: what it saw between is not known`;
    return { ...at, why, capture: null };
  });
}

function stamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
