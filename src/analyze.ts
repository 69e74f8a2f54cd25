import { type AttemptListing, assemble, type PathListing } from './assemble.js';
import { type Correlation, correlate } from './correlate/correlate.js';
import { toldUntil } from './correlate/coverage.js';
import { type ReadForVipsOptions, readForVips } from './correlate/read-for-vips.js';
import { areStored, type Reading, readInputs } from './correlate/read-inputs.js';
import type { Inputs } from './correlate/reading/inputs.js';
import { servedTotal } from './correlate/served.js';
import { hasPassedOver } from './correlate/track/observations.js';
import { KEPT_WHOLE } from './correlate/track/tracker.js';
import type { Vips } from './correlate/vips.js';
import { type Coverage, DiagnosisContext } from './diagnose/context.js';
import { diagnose } from './diagnose/diagnose.js';
import { vipOwners } from './diagnose/neighbours/spells.js';
import { addRouters } from './diagnose/routers.js';
import { whatIf } from './diagnose/what-if.js';
import { isCooked } from './ingest/capture/linktypes.js';
import { readServices } from './ingest/kube/services.js';
import { bootRisks } from './kernel/persisted/boot-risks.js';
import { translationsOf } from './kernel/translations.js';
import type { ChangeSnapshots } from './kernel/what-if/change.js';
import { parseAddressFlag } from './model/address-flag.js';
import type { Analysis } from './model/analysis.js';
import { UsageError } from './model/errors.js';
import { namedVips } from './named-vips.js';
import { Network } from './network/network.js';
import { LEGS_OF_CONNECTION, MOST_FLOWS } from './wasm/layout.js';

/** What is told of while it goes on. */
export interface AnalysisProgress {
  /** Of every chunk that is read. */
  reading(reading: Reading): void;
  /** What is done from here on, with how many: `correlating`, 120000, `connection`. */
  stage(doing: string, count: number, noun: string): void;
}

export interface AnalyzeOptions
  extends Pick<
    ReadForVipsOptions,
    'threads' | 'threadOctets' | 'filterOctets' | 'probeOctets' | 'mostNotes'
  > {
  /** VIPs to look at; empty: those that Kubernetes objects name, else every connection. */
  vips: readonly string[];
  /** Analyzes what can be read, in place of failing on what cannot. */
  keepGoing: boolean;
  attempts: AttemptListing;
  /** Absent: of all attempts that are listed. */
  paths?: PathListing;
  /** Connections of one capture that there is room for at one time; absent: a million. */
  maxAttempts?: number | undefined;
  /** What the nodes would be with changes that the user proposes, and these in words; absent where none are. */
  change?: ChangeSnapshots | null;
  /** Whether to read the packets that findings cite once more, for their octets. */
  quotes?: boolean;
  /** Told how far it is; absent where nobody looks. */
  progress?: AnalysisProgress | null;
  /** Takes what a person should be told while it runs, a line at a time. */
  warn: (line: string) => void;
}

/**
 * The whole job, top-down: inputs → attempts → findings → the analysis.
 *
 * @param inputs bundles and captures as on the command line
 * @throws InputError, UsageError
 */
export async function analyze(inputs: readonly string[], options: AnalyzeOptions): Promise<Analysis> {
  const { attempts, paths = 'listed', progress } = options;
  const flagged = options.vips.map((text) => parseAddressFlag('--vip', text));
  const readOptions: ReadForVipsOptions = {
    keepGoing: options.keepGoing,
    keepsAll: attempts === 'all',
    maxAttempts: checkLimit(options.maxAttempts),
    onReading: progress?.reading,
    threads: checkThreads(options.threads),
    threadOctets: options.threadOctets,
    // Who sets a limit has reason to, however small the inputs are.
    filterOctets: options.filterOctets ?? (options.maxAttempts === undefined ? undefined : 0),
    probeOctets: options.probeOctets,
    mostNotes: options.mostNotes,
  };
  const vipsOf = (told: Inputs) => findVips(flagged, told);
  let read = await readForVips(inputs, readOptions, vipsOf);
  let correlation = correlateAll(read, flagged, options);
  if (attempts !== 'none' && isListShort(correlation, read) && (await areStored(inputs))) {
    read = await readForVips(inputs, { ...readOptions, keepsAll: true }, vipsOf);
    correlation = correlateAll(read, flagged, options);
  }
  if (correlation.vipUnseen && read.captures.some(({ observations }) => hasPassedOver(observations))) {
    // All connections are given then.
    read = await readInputs(inputs, readOptions);
    correlation = correlateAll(read, flagged, options);
  }
  for (const warning of [...read.warnings, ...read.snapshots.flatMap(bootRisks)]) options.warn(warning);
  for (const problem of read.problems) options.warn(problem.message);
  const context = new DiagnosisContext(
    correlation.attempts,
    read.nodes,
    read.snapshots,
    coverageOfAll(read.captures),
    correlation.clocks,
    correlation.neighbours,
    correlation.vips.map((vip) => vip.address),
  );
  progress?.stage('diagnosing', correlation.attempts.length, 'attempt');
  const diagnosis = diagnose(context);
  addRouters(diagnosis.findings, context);
  if (options.change) {
    const { snapshots, notes } = options.change(read.snapshots);
    const changed = Network.of(snapshots);
    for (const finding of diagnosis.findings) finding.whatIf = whatIf(finding, context, changed, notes);
  }
  const analysis = assemble(read, correlation, diagnosis, attempts, paths, context.network.cluster);
  const owners = vipOwners(context);
  if (owners.length > 0) analysis.owners = owners;
  if (options.quotes) {
    const { quotePackets } = await import('./quoted-packets.js');
    const waypoints = read.captures.map(({ file, summary }) => [file.file, summary.waypoints] as const);
    await quotePackets(analysis.findings, inputs, new Map(waypoints));
  }
  return analysis;
}

function correlateAll(
  read: Inputs,
  flagged: readonly string[],
  { attempts, progress }: Pick<AnalyzeOptions, 'attempts' | 'progress'>,
): Correlation {
  const whole = attempts === 'all' ? Number.POSITIVE_INFINITY : KEPT_WHOLE;
  const known = read.captures.reduce((sum, { observations }) => sum + observations.count, 0);
  progress?.stage('correlating', known, 'connection');
  return correlate(read.captures, read.nodes, findVips(flagged, read), whole);
}

/**
 * Whether fewer attempts are known than a result lists, as there was more in a capture than was asked for; and there is
 * room for all of it.
 */
function isListShort({ attempts, served }: Correlation, { captures }: Inputs): boolean {
  const known = served.reduce((sum, { count }) => sum + count, attempts.length);
  if (known === attempts.length || known > KEPT_WHOLE) return false;
  return captures.every(({ observations }) => {
    const letGo = servedTotal(observations);
    return observations.count + LEGS_OF_CONNECTION * letGo <= observations.capacity;
  });
}

/** @throws UsageError */
function checkLimit(limit: number | undefined): number | undefined {
  if (limit === undefined || (Number.isInteger(limit) && limit >= 1 && limit <= MOST_FLOWS)) return limit;
  throw new UsageError(
    `--max-attempts ${limit}: is no number of connections; a whole one from 1 to ${MOST_FLOWS} is`,
  );
}

/** @throws UsageError */
function checkThreads(threads: number | undefined): number | undefined {
  if (threads === undefined || (Number.isInteger(threads) && threads >= 0)) return threads;
  throw new UsageError(`--threads ${threads}: is no number of threads; a whole one from 0 on is`);
}

/** What was asked for, else what the cluster says, and what stands behind it by any node's rules. */
function findVips(flagged: readonly string[], read: Inputs): Vips {
  const services = read.snapshots.flatMap((snapshot) => readServices(snapshot.kube));
  const backends: Vips['backends'] = new Map();
  const add = (backend: string, vip: string) => {
    const fronts = backends.get(backend);
    if (fronts) fronts.add(vip);
    else backends.set(backend, new Set([vip]));
  };
  const named = namedVips(flagged, services);
  for (const { address } of named) {
    for (const snapshot of read.snapshots) {
      for (const backend of translationsOf(snapshot, address)) add(backend, address);
    }
    for (const service of services) {
      if (service.vips.includes(address))
        for (const backend of service.backends) add(backend.address, address);
    }
  }
  return { named, backends };
}

/** Of each capture; the files of a rotated one are one. */
function coverageOfAll(captures: Inputs['captures']): Coverage[] {
  const whole = new Map<string, Coverage>();
  for (const capture of captures) {
    const part = coverageOf(capture);
    const first = whole.get(part.capture);
    whole.set(part.capture, first ? joined(first, part) : part);
  }
  return [...whole.values()];
}

/** @param next what was written after `first` */
function joined(first: Coverage, next: Coverage): Coverage {
  return {
    ...first,
    lastTime: next.lastTime,
    dropped: first.dropped === null ? next.dropped : first.dropped + (next.dropped ?? 0),
    packets: first.packets + next.packets,
  };
}

function coverageOf({ file, observations, summary }: Inputs['captures'][number]): Coverage {
  const isOfAll = file.interfaces.some(
    ({ name, linkType }) => (name ?? file.nameHint) === 'any' || (name === null && isCooked(linkType)),
  );
  // An interface that nothing names is one all the same: nothing tells what passed the others.
  const interfaces = isOfAll ? null : file.interfaces.flatMap(({ name }) => name ?? file.nameHint ?? []);
  const { firstTime, lastTime, dropped, packets } = summary;
  return {
    node: file.node,
    netns: file.netns,
    file: file.file,
    capture: file.capture ?? file.file,
    interfaces,
    firstTime,
    lastTime: toldUntil(observations, lastTime),
    dropped,
    packets,
  };
}
