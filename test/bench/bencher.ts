/** Makes the inputs, checks the counts, and measures one comparison after the other. */
import { mkdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { freemem } from 'node:os';
import { join } from 'node:path';
import { checkCounts } from './check-counts.js';
import {
  analysisOf,
  CAPTURE_COMPARISONS,
  type CaptureComparison,
  COMMAND_COMPARISONS,
  peerOf,
} from './comparisons.js';
import { generate, type Load } from './generate.js';
import { captureSize, LOAD_TITLES, type LoadName, sized } from './loads.js';
import type { Command, Run } from './measure.js';
import { writeNodeInputs } from './node-inputs.js';
import { inTurn, spread } from './pairs.js';
import { isInstalled, type Peer, versionOf } from './peers.js';
import { type Bench, begunBench, type Passed } from './report.js';
import { judge, type StartUp, type Times } from './verdict.js';

export interface BenchOptions {
  /** Of the captures: so many times the size that the targets are set for. */
  size: number;
  /** What the names of the comparisons have to contain. */
  only: string;
  /** Leaves the captures where they are. */
  keep: boolean;
  /** Null: as many as fit each comparison. */
  rounds: number | null;
}

const ROUNDS = 7;
const SLOW_ROUNDS = 3;

/** A capture of which the start-up is what takes time. */
const SINGLE: Load = { flows: 1, segments: 0, payload: 0, concurrent: 1, link: 'ethernet', beginnings: {} };

const NO_TIME = { seconds: 0, cpuSeconds: 0 };
const NO_START_UP: StartUp = { ours: NO_TIME, theirs: NO_TIME };

export class Bencher {
  readonly #directory: string;
  /** Where peers write. */
  readonly #scratch: string;
  readonly #options: BenchOptions;
  readonly #say: (line: string) => void;
  readonly #bench: Bench;

  /**
   * @param directory for all files; left to the caller to remove
   * @param say takes what it is at, a line at a time
   */
  constructor(directory: string, options: BenchOptions, say: (line: string) => void) {
    this.#directory = directory;
    this.#scratch = join(directory, 'scratch');
    this.#options = options;
    this.#say = say;
    this.#bench = begunBench(options.size);
    mkdirSync(this.#scratch);
  }

  /** @throws WrongCount, and where there is no room or a command fails */
  async run(): Promise<Bench> {
    const isChosen = ({ name }: { name: string }) => name.includes(this.#options.only);
    const commands = COMMAND_COMPARISONS.filter(isChosen);
    const captures = CAPTURE_COMPARISONS.filter(isChosen);
    if (commands.length + captures.length === 0) {
      const names = [...CAPTURE_COMPARISONS, ...COMMAND_COMPARISONS].map(({ name }) => name);
      throw new Error(`nothing has "${this.#options.only}" in its name; there are ${names.join(', ')}`);
    }
    const loads = [...new Set(captures.map(({ load }) => load))];
    this.#demandRoom(loads);
    for (const load of loads) {
      await this.#onLoad(
        load,
        captures.filter((comparison) => comparison.load === load),
      );
    }
    if (commands.length > 0) await this.#onNode(commands);
    return this.#bench;
  }

  #demandRoom(loads: readonly LoadName[]): void {
    const sizes = loads.map((load) => captureSize(sized(load, this.#options.size)));
    // One capture at a time, where they are not kept.
    const needed = this.#options.keep ? sizes.reduce((a, b) => a + b, 0) : Math.max(0, ...sizes);
    const { bavail, bsize } = statfsSync(this.#directory);
    if (needed <= bavail * bsize) return;
    const [wanted, free] = [needed, bavail * bsize].map((size) => (size / 1e9).toFixed(1));
    throw new Error(`the captures take ${wanted} GB, and ${this.#directory} has ${free} (TMPDIR says where)`);
  }

  async #onLoad(name: LoadName, comparisons: readonly CaptureComparison[]): Promise<void> {
    const load = sized(name, this.#options.size);
    const capture = join(this.#directory, `${name}.pcap`);
    this.#say(`${name}: making the capture`);
    const packets = generate(capture, load);
    this.#say(`${name}: counting what is in it`);
    const { counts, by } = await checkCounts(capture, packets);
    const bytes = statSync(capture).size;
    const title = LOAD_TITLES[name];
    this.#bench.captures.push({ name, title, load, bytes, counts, countedBy: by });
    for (const comparison of comparisons) await this.#onCapture(comparison, capture, load);
    if (!this.#options.keep) rmSync(capture);
  }

  async #onCapture(comparison: CaptureComparison, capture: string, load: Load): Promise<void> {
    const peer = peerOf(comparison);
    const why = this.#hindrance(peer, load);
    if (why !== null) {
      const { name, work, target } = comparison;
      this.#bench.passed.push({ name, work, against: peer.name, target, why } satisfies Passed);
      return;
    }
    this.#bench.peers[peer.name] ??= versionOf(peer);
    const rounds = this.#options.rounds ?? (peer.isSlow ? SLOW_ROUNDS : ROUNDS);
    const commands = (path: string): [Command, Command] => [
      analysisOf(path, comparison.vip),
      peer.read(path, this.#scratch),
    ];
    const startUp = this.#options.size >= 1 ? NO_START_UP : await this.#startUp(commands, rounds);
    await this.#compare(comparison, peer.name, ...commands(capture), rounds, startUp);
  }

  #hindrance(peer: Peer, { flows }: Load): string | null {
    if (!isInstalled(peer)) return 'peer not installed';
    const needed = flows * (peer.connectionSize ?? 0);
    return needed > freemem() ? `peer needs ${(needed / 1e9).toFixed(0)} GB of memory` : null;
  }

  async #startUp(commands: (path: string) => [Command, Command], rounds: number): Promise<StartUp> {
    const single = join(this.#directory, 'single.pcap');
    generate(single, SINGLE);
    const pairs = await inTurn(...commands(single), rounds, this.#directory);
    return { ours: medianOf(pairs.ours), theirs: medianOf(pairs.theirs) };
  }

  async #onNode(comparisons: typeof COMMAND_COMPARISONS): Promise<void> {
    const inputs = await writeNodeInputs(this.#directory);
    for (const comparison of comparisons) {
      const { against, ours, theirs } = comparison;
      const rounds = this.#options.rounds ?? ROUNDS;
      await this.#compare(comparison, against, ours(inputs), theirs(inputs), rounds, NO_START_UP);
    }
  }

  async #compare(
    of: Pick<CaptureComparison, 'name' | 'work' | 'target' | 'megabytes'>,
    against: string,
    ours: Command,
    theirs: Command,
    rounds: number,
    startUp: StartUp,
  ): Promise<void> {
    this.#say(`${of.name}: measuring`);
    const { name, work, target, megabytes = null } = of;
    const pairs = await inTurn(ours, theirs, rounds, this.#directory);
    const verdict = judge(pairs, target, megabytes, startUp);
    this.#bench.rows.push({ name, work, against, target, megabytes, startUp, pairs, verdict });
  }
}

function medianOf(runs: readonly Run[]): Times {
  return {
    seconds: spread(runs.map((run) => run.seconds)).median,
    cpuSeconds: runs.some((run) => run.cpuSeconds === null)
      ? null
      : spread(runs.map((run) => run.cpuSeconds!)).median,
  };
}
