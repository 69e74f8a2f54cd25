import type {
  Analysis,
  AnalysisArping,
  AnalysisProbe,
  Finding,
  Outcome,
  ProbedConnection,
  ProbeResult,
} from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import type { Style } from '../style.js';
import { heading } from './heading.js';
import { type Cell, type Column, table } from './table.js';
import { causeText, counted, durationText, endpointText, placeText } from './words.js';
import { wrap } from './wrap.js';

/** Rows of a probe's table. */
const MOST_ROWS = 20;

const RESULTS: Readonly<Record<ProbeResult, string>> = {
  connected: 'made',
  refused: 'refused',
  reset: 'reset',
  unreachable: 'unreachable',
  timeout: 'timed out',
  error: 'failed',
};

/** Outcomes that a connection may have which its client says was made, and was not. */
const MADE: ReadonlySet<Outcome> = new Set(['established', 'reply-unseen', 'midstream']);

/** Of these there may be no packet at all. */
const UNSENT: ReadonlySet<ProbeResult> = new Set(['unreachable', 'error']);

/** A node's own rules may have their part in it: kube-proxy masquerades what its node sends to a VIP. */
const NOT_FOUND =
  'None of them was found in the captures: they went another way, or masquerading gave them other source ports before they were captured.';

/**
 * How connections that were opened on purpose fared beside what was seen of them, and who answered for the VIPs.
 *
 * @param listed how many attempts the analysis lists; `analysis` may have those alone that a report shows
 */
export function probesSection(analysis: Analysis, listed: number, style: Style): string[] {
  const { probes = [], arpings = [] } = analysis;
  if (probes.length === 0 && arpings.length === 0) return [];
  return [
    ...heading('Probe', style),
    ...probes.flatMap((probe, i) => [...(i > 0 ? [''] : []), ...probeLines(probe, analysis, listed, style)]),
    ...(probes.length > 0 && arpings.length > 0 ? [''] : []),
    ...arpings.flatMap((arping) => wrap(arpingText(arping), style.measure)),
  ];
}

/** `20 connections from node1 to 192.168.1.100:80: 13 made, 7 timed out` */
export function probeText({ from, vip, port, wanted, connections, problem }: AnalysisProbe): string {
  const counts = new Map<ProbeResult, number>();
  for (const { result } of connections) counts.set(result, (counts.get(result) ?? 0) + 1);
  const results = (Object.keys(RESULTS) as ProbeResult[])
    .filter((result) => counts.has(result))
    .map((result) => `${numberText(counts.get(result)!)} ${RESULTS[result]}`);
  const all = connections.length;
  const count =
    all === wanted ? counted(all, 'connection') : `${numberText(all)} of ${counted(wanted, 'connection')}`;
  const to = endpointText({ address: vip, port });
  const why = problem === null ? '' : `; ${problem}`;
  return `${count} from ${from ?? 'here'} to ${to}${results.length > 0 ? `: ${results.join(', ')}` : ''}${why}`;
}

function probeLines(probe: AnalysisProbe, analysis: Analysis, listed: number, style: Style): string[] {
  const { texts, connections } = probeReport(probe, analysis, listed);
  const more = connections.length - MOST_ROWS;
  const rows = connections.slice(0, MOST_ROWS);
  return [
    ...texts.flatMap((text) => wrap(text, style.measure)),
    ...(rows.length > 0 ? ['', ...rowsOf(rows, analysis, style)] : []),
    ...(more > 0
      ? wrap(`${style.ellipsis} and ${numberText(more)} more (--format json lists them)`, style.measure)
      : []),
  ];
}

/** What a report says of a probe, and the connections that it lists: those that failed or are not as captured. */
export function probeReport(
  probe: AnalysisProbe,
  analysis: Analysis,
  listed: number,
): { texts: string[]; connections: ProbedConnection[] } {
  const isFound = probe.connections.some(({ attempt }) => attempt !== null);
  const isWhole = isFound && listsAll(analysis, listed);
  const failed = probe.connections.filter(({ result }) => result !== 'connected');
  const apart = probe.connections.filter((connection) => disagrees(connection, isWhole));
  const texts = [
    `${probeText(probe)}.`,
    ...blame(failed, analysis.findings),
    ...(!isFound && probe.connections.some(({ result }) => !UNSENT.has(result)) ? [NOT_FOUND] : []),
    ...(apart.length > 0
      ? [
          `Of ${numberText(apart.length)}, first in the table, the captures do not show what their client says.`,
        ]
      : []),
  ];
  return { texts, connections: [...new Set([...apart, ...failed])] };
}

/** Where there are very many, not all of those that were made are listed. */
function listsAll({ totals }: Analysis, listed: number): boolean {
  const all = totals
    .flatMap(({ outcomes }) => Object.values(outcomes))
    .reduce((sum, count) => sum + count, 0);
  return listed >= all;
}

/** Whether what was captured is not what its client experienced. */
function disagrees({ result, outcome }: ProbedConnection, isWhole: boolean): boolean {
  if (result === 'connected') return outcome === null ? isWhole : !MADE.has(outcome);
  // One that is reset was made before.
  return outcome !== null && result !== 'reset' && result !== 'error' && outcome === 'established';
}

/** `Of the 7 that failed, 6 are of finding 1: rp-filter (confirmed).` */
function blame(failed: readonly ProbedConnection[], findings: readonly Finding[]): string[] {
  if (failed.length === 0) return [];
  const parts = findings.flatMap((finding, i) => {
    const count = failed.filter(
      ({ attempt }) => attempt !== null && finding.attempts.includes(attempt),
    ).length;
    if (count === 0) return [];
    return [`${numberText(count)} ${count === 1 ? 'is' : 'are'} of finding ${i + 1}, ${causeText(finding)}`];
  });
  const text = parts.length > 0 ? parts.join('; ') : 'none is of a finding';
  return [`Of the ${numberText(failed.length)} that failed, ${text}.`];
}

/** What the table of connections has of each. */
export const PROBE_COLUMNS: readonly Column[] = [
  { title: 'source port', align: 'right' },
  { title: 'result' },
  { title: 'after', align: 'right' },
  { title: 'captured as' },
  { title: 'attempt' },
  { title: 'finding' },
];

/** One of its rows. */
export function probeRow(connection: ProbedConnection, findings: readonly Finding[]): string[] {
  const { sourcePort, result, why, tookNs, outcome, attempt } = connection;
  const number = findings.findIndex((finding) => attempt !== null && finding.attempts.includes(attempt));
  return [
    String(sourcePort),
    why === undefined ? RESULTS[result] : `${RESULTS[result]}: ${why}`,
    // Less than the clock of who opened it can tell.
    tookNs === 0 ? '-' : durationText(tookNs),
    outcome ?? 'nothing',
    attempt ?? '-',
    number < 0 ? '-' : String(number + 1),
  ];
}

function rowsOf(connections: readonly ProbedConnection[], { findings }: Analysis, style: Style): string[] {
  const rows = connections.map((connection): Cell[] => {
    const [port, text, ...rest] = probeRow(connection, findings) as [string, string, ...string[]];
    return [port, { text, paint: connection.result === 'connected' ? style.yellow : style.red }, ...rest];
  });
  return table([...PROBE_COLUMNS], rows, style);
}

/** `When node1 asks on eth0, 2 MACs answer ARP for 192.168.1.100: …` */
export function arpingText({ from, vip, interface: device, owners, problem }: AnalysisArping): string {
  if (problem !== null) return `${from} could not ask for ${vip} by ARP: ${problem}.`;
  const asked = `When ${from} asks on ${device ?? 'an unknown interface'},`;
  if (owners.length === 0) return `${asked} nobody answers ARP for ${vip}.`;
  const each = owners.map(({ mac, node, interface: name }) =>
    node === null ? mac : `${mac} (${placeText(node, name)})`,
  );
  const answer = owners.length === 1 ? 'answers' : 'answer';
  return `${asked} ${counted(owners.length, 'MAC')} ${answer} ARP for ${vip}: ${each.join(', ')}.`;
}
