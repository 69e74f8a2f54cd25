import { clusterFacts } from './cluster-facts.js';
import { readSnapshots } from './correlate/read-snapshots.js';
import { cutArchiveGaps } from './cut-archives.js';
import { type PredictionRequest, predictConnections } from './diagnose/prediction/predictions.js';
import { gapsWithGivenNames, withGivenNames } from './given-names.js';
import { readServices } from './ingest/kube/services.js';
import { bootRisks } from './kernel/persisted/boot-risks.js';
import { type ServicePort, servicePorts } from './kernel/service-ports.js';
import type { ChangeSnapshots } from './kernel/what-if/change.js';
import { familyOf } from './model/address.js';
import { ANALYSIS_SCHEMA, type Analysis, type Gap } from './model/analysis.js';
import { UsageError } from './model/errors.js';
import type { Snapshot } from './model/snapshot.js';
import { namedVips, parseHostFlag } from './named-vips.js';
import { Network } from './network/network.js';

export interface PredictOptions {
  /** Empty: those that Kubernetes objects name. */
  vips: readonly string[];
  /** Null: those of the Service, or of the nodes' rules. */
  port: number | null;
  protocol: string | null;
  /** Empty: one beyond the routers stands for all. */
  clients: readonly string[];
  keepGoing: boolean;
  /** Changes that the user proposes, made before anything is asked; absent where there are none. */
  change?: ChangeSnapshots | null;
  warn: (line: string) => void;
}

/** Of the blocks for documentation (RFC 5737, RFC 3849), which nobody has a route of their own to. */
const ANY_CLIENT = { 4: '203.0.113.1', 6: '2001:db8:ffff::1' } as const;

/**
 * What would become of connections, by what the nodes' snapshots say and with no packet seen: in the form of an
 * analysis without attempts, with `predictions`.
 *
 * @param inputs bundles as on the command line
 * @throws InputError, UsageError
 */
export async function predict(inputs: readonly string[], options: PredictOptions): Promise<Analysis> {
  const flagged = options.vips.map((text) => parseHostFlag('--vip', text));
  const clients = options.clients.map((text) => parseHostFlag('--client', text));
  const { port } = options;
  if (port !== null && !(Number.isInteger(port) && port >= 1 && port <= 65535)) {
    throw new UsageError(`--port ${port}: is no port; ports go from 1 to 65535`);
  }
  const read = await readSnapshots(inputs, { keepGoing: options.keepGoing });
  for (const warning of [...read.warnings, ...read.snapshots.flatMap(bootRisks)]) options.warn(warning);
  const { snapshots, notes } = options.change?.(read.snapshots) ?? { snapshots: read.snapshots, notes: [] };
  for (const note of notes) options.warn(`what if: ${note}`);
  const vips = namedVips(
    flagged,
    snapshots.flatMap((snapshot) => readServices(snapshot.kube)),
  );
  if (vips.length === 0) {
    throw new UsageError('--vip is missing: no Service in kube/ names an address; name the one to ask for');
  }
  const gaps: Gap[] = [];
  const requests = vips.flatMap(({ address }) =>
    portsOf(address, snapshots, options, gaps).flatMap(({ protocol, port }) =>
      clientsFor(address, clients).map(
        (client): PredictionRequest => ({
          vip: address,
          protocol,
          port,
          client,
          anyone: clients.length === 0,
        }),
      ),
    ),
  );
  const network = Network.of(snapshots);
  const predicted = predictConnections(network, requests);
  return {
    schema: ANALYSIS_SCHEMA,
    inputs: [],
    clocks: [],
    vips,
    totals: [],
    attempts: [],
    findings: withGivenNames(read, predicted.findings),
    gaps: [...gaps, ...gapsWithGivenNames(read, predicted.gaps), ...cutArchiveGaps(read)],
    ...clusterFacts(network.cluster),
    predictions: predicted.predictions,
    ...(notes.length > 0 && { supposed: notes }),
  };
}

function clientsFor(vip: string, clients: readonly string[]): string[] {
  const family = familyOf(vip)!;
  const same = clients.filter((client) => familyOf(client) === family);
  if (clients.length > 0 && same.length === 0) {
    throw new UsageError(`--client ${clients.join(', ')}: is of another IP version than the VIP ${vip}`);
  }
  return same.length > 0 ? same : [ANY_CLIENT[family]];
}

function portsOf(
  vip: string,
  snapshots: readonly Snapshot[],
  { port, protocol }: Pick<PredictOptions, 'port' | 'protocol'>,
  gaps: Gap[],
): ServicePort[] {
  if (port !== null) return [{ protocol: protocol ?? 'tcp', port }];
  const named = [
    ...snapshots
      .flatMap((snapshot) => readServices(snapshot.kube))
      .filter((service) => service.vips.includes(vip))
      .flatMap((service) => service.ports),
    ...snapshots.flatMap((snapshot) => servicePorts(snapshot, vip)),
  ].filter((known) => protocol === null || known.protocol === protocol);
  const distinct = new Map(named.map((known) => [`${known.protocol} ${known.port}`, known]));
  if (distinct.size > 0) return [...distinct.values()];
  const why = `no Service and no rule names a port of ${vip}: TCP port 80 is taken; --port names another`;
  gaps.push({ node: null, interface: null, why, capture: null });
  return [{ protocol: protocol ?? 'tcp', port: 80 }];
}
