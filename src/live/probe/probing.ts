/** Opens connections on purpose while nodes are recorded, and asks who has the VIP; then finds them in the captures. */
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Analysis, AnalysisArping, AnalysisProbe } from '../../model/analysis.js';
import { HIGHEST_RATE, MOST_CONNECTIONS } from '../../model/probe-bounds.js';
import { HereOpener } from './here.js';
import { AttemptsByPort, claimantsOf, type KnownConnection } from './match.js';
import { type Asked, NodeShell } from './node-shell.js';
import { type Opened, type Opener, PORT_IN_USE } from './opener.js';
import { type ProbePlan, TIMEOUT_MS } from './plan.js';

/** Source ports, in turn from a random one on: above the ports of services and of Kubernetes' NodePorts. */
const PORTS = { from: 33_000, to: 60_999 };
/** Ports that are passed over where they are in use, for one connection. */
const MOST_PORTS = 20;

interface Run {
  vip: string;
  port: number;
  connections: (KnownConnection & Opened)[];
  problem: string | null;
}

export class Probing {
  readonly #plan: ProbePlan;
  readonly #onProblem: (message: string) => void;
  readonly #runs: Run[];
  readonly #asked: { vip: string; asked: Asked }[] = [];
  #nextPort = randomInt(PORTS.from, PORTS.to);

  /** @param onProblem told of what keeps connections from being opened, or a node from asking */
  constructor(plan: ProbePlan, onProblem: (message: string) => void) {
    const { count, rate } = plan;
    if (count > MOST_CONNECTIONS || rate > HIGHEST_RATE) throw new RangeError('more than may be sent');
    this.#plan = plan;
    this.#onProblem = onProblem;
    this.#runs = plan.targets.map((target) => ({ ...target, connections: [], problem: null }));
  }

  /** One target after the other, so that the rate is that of all; then the questions. Resolved in any case. */
  async run(signal: AbortSignal): Promise<void> {
    for (const run of this.#runs) await this.#probe(run, signal);
    for (const vip of this.#plan.arping?.vips ?? []) await this.#arping(vip, signal);
  }

  /**
   * What is known so far.
   *
   * @param analysis in which the connections are looked for; null: nowhere
   */
  describe(analysis: Analysis | null): { probes?: AnalysisProbe[]; arpings?: AnalysisArping[] } {
    const probes = this.#describeProbes(analysis);
    const arpings = this.#describeArpings(analysis);
    return { ...(probes.length > 0 && { probes }), ...(arpings.length > 0 && { arpings }) };
  }

  #describeProbes(analysis: Analysis | null): AnalysisProbe[] {
    const { from, count: wanted } = this.#plan;
    const attempts = new AttemptsByPort(analysis ?? { attempts: [] });
    return this.#runs.map(({ vip, port, connections, problem }) => ({
      from: from?.name ?? null,
      vip,
      port,
      wanted,
      connections: connections.map((connection) => {
        const attempt = attempts.find(connection);
        return {
          sourcePort: connection.sourcePort,
          result: connection.result,
          tookNs: Math.round(connection.tookMs * 1e6),
          ...(connection.why !== null && { why: connection.why }),
          attempt: attempt?.id ?? null,
          outcome: attempt?.outcome ?? null,
        };
      }),
      problem,
    }));
  }

  #describeArpings(analysis: Analysis | null): AnalysisArping[] {
    const from = this.#plan.arping?.from.name ?? '';
    return this.#asked.map(({ vip, asked }) => {
      if ('problem' in asked) return { from, interface: null, vip, owners: [], problem: asked.problem };
      const owners =
        analysis === null
          ? asked.macs.map((mac) => ({ node: null, interface: null, mac }))
          : claimantsOf(asked.macs, vip, analysis);
      return { from, interface: asked.interface, vip, owners, problem: null };
    });
  }

  async #probe(run: Run, signal: AbortSignal): Promise<void> {
    const { from, count, rate } = this.#plan;
    const where = `the probe of ${run.vip} port ${run.port} from ${from?.name ?? 'here'}`;
    const lifeMs = (count / rate) * 1000 + TIMEOUT_MS;
    const opener =
      from === null
        ? new HereOpener(run.vip, run.port)
        : new NodeShell(from, run.vip, run.port, count + MOST_PORTS, lifeMs);
    const end = () => void opener.end();
    signal.addEventListener('abort', end);
    try {
      const address = await opener.begin();
      const opening: Promise<void>[] = [];
      for (let i = 0; i < count && !signal.aborted; i++) {
        if (i > 0) await sleep(1000 / rate, undefined, { signal }).catch(() => {});
        if (!signal.aborted) opening.push(this.#open(run, opener, address));
      }
      await Promise.all(opening);
      if (run.connections.length < count) {
        run.problem = signal.aborted
          ? 'it was ended before its time'
          : 'of some it is not known how they fared';
      }
    } catch (error) {
      run.problem = signal.aborted ? 'it was ended before its time' : (error as Error).message;
    } finally {
      signal.removeEventListener('abort', end);
      await opener.end();
    }
    if (run.problem !== null) this.#onProblem(`${where}: ${run.problem}`);
  }

  async #open({ vip, port, connections }: Run, opener: Opener, address: string | null): Promise<void> {
    for (let left = MOST_PORTS; left > 0; left--) {
      const sourcePort = this.#nextPort;
      this.#nextPort = sourcePort === PORTS.to ? PORTS.from : sourcePort + 1;
      const begunMs = Date.now();
      const opened = await opener.open(sourcePort);
      if (opened === PORT_IN_USE) continue;
      if (opened !== null) connections.push({ ...opened, address, sourcePort, vip, port, begunMs });
      return;
    }
  }

  async #arping(vip: string, signal: AbortSignal): Promise<void> {
    const { from } = this.#plan.arping!;
    const shell = new NodeShell(from, vip, null, 0, 0);
    const end = () => void shell.end();
    signal.addEventListener('abort', end);
    let asked: Asked;
    try {
      if (signal.aborted) return;
      await shell.begin();
      asked = await shell.ask();
    } catch (error) {
      asked = { problem: (error as Error).message };
    } finally {
      signal.removeEventListener('abort', end);
      await shell.end();
    }
    if ('problem' in asked) {
      if (signal.aborted) asked = { problem: 'it was ended before its time' };
      this.#onProblem(`${vip} by ARP from ${from.name}: ${asked.problem}`);
    }
    this.#asked.push({ vip, asked });
  }
}
