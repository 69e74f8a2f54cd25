import type { Analysis, AnalysisAttempt, Claimant } from '../../model/analysis.js';

/** A connection as who opened it knows it. */
export interface KnownConnection {
  /** The address that it came from; null: not known. */
  address: string | null;
  sourcePort: number;
  vip: string;
  port: number;
  /** When it was opened, ms since 1970 by this machine's clock. */
  begunMs: number;
}

/** How far a node's clock may be from this machine's, where only time tells two connections apart. */
const CLOCKS_MS = 60_000;

/** Finds the attempts that connections are, by the client's port and what it asked for. */
export class AttemptsByPort {
  readonly #byPort = new Map<number, AnalysisAttempt[]>();

  constructor({ attempts }: Pick<Analysis, 'attempts'>) {
    for (const attempt of attempts) {
      if (attempt.protocol !== 'tcp' || attempt.client.port === null) continue;
      const others = this.#byPort.get(attempt.client.port);
      if (others) others.push(attempt);
      else this.#byPort.set(attempt.client.port, [attempt]);
    }
  }

  /** Null where none, or not one alone, can be it: another client may have had the same port at the time. */
  find(connection: KnownConnection): AnalysisAttempt | null {
    const { address, sourcePort, vip, port, begunMs } = connection;
    const isNear = ({ firstTime }: AnalysisAttempt) =>
      firstTime === null || Math.abs(Date.parse(firstTime) - begunMs) < CLOCKS_MS;
    const candidates = (this.#byPort.get(sourcePort) ?? []).filter(
      (attempt) => isNear(attempt) && isOf(attempt, vip, port),
    );
    const own = candidates.filter(({ client }) => client.address === address);
    // Where the first capture lies behind NAT, its address is another one.
    const likely = own.length > 0 ? own : candidates;
    return likely.length === 1 ? likely[0]! : null;
  }
}

/** Where the first capture lies behind the VIP's translation, only the VIP is known of it. */
function isOf({ server, vip }: AnalysisAttempt, wanted: string, port: number): boolean {
  return server.address === wanted ? server.port === port : vip === wanted;
}

/** Whose MACs are known, by what claimed the VIP in the captures. */
export function claimantsOf(macs: readonly string[], vip: string, analysis: Analysis): Claimant[] {
  const { owners = [], findings } = analysis;
  const known = [
    ...owners.filter(({ address }) => address === vip).flatMap(({ spells }) => spells),
    ...findings.filter((finding) => finding.vip === vip).flatMap(({ claimants }) => claimants),
  ];
  return macs.map((mac) => {
    const whose = known.find((one) => one.mac === mac && one.node !== null);
    return { node: whose?.node ?? null, interface: whose?.interface ?? null, mac };
  });
}
