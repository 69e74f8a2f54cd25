import type { AnalysisAttempt, Finding, PathStep } from '../../model/analysis.js';
import { lossMark } from '../terminal/causes.js';
import { shownTry } from '../terminal/ladder.js';
import { causeText, endpointText, nodeText, packetName } from '../terminal/words.js';

/** With more than these it is no picture any more. */
const MOST_NODES = 10;
const MOST_VISITS = 24;

/** The sightings of one packet by one node, until another node sees it. */
interface Visit {
  node: string;
  steps: PathStep[];
}

/**
 * The path of an attempt as a sequence diagram in Mermaid's language: the client and the nodes side by side, what went
 * from one to the next, and where it was lost. Null where it would be too large to be looked at.
 */
export function pathDiagram(attempt: AnalysisAttempt, finding: Finding): string[] | null {
  const visits = visitsOf(shownTry(attempt));
  const nodes = [...new Set(visits.map((visit) => visit.node))];
  const [first] = visits;
  if (!first || visits.length > MOST_VISITS || nodes.length > MOST_NODES) return null;
  // A client that was recorded is one of the nodes: there the packet begins by going out.
  const isRecorded = first.steps[0]!.direction === 'out';
  const id = (visit: Visit | undefined) => (visit ? `n${nodes.indexOf(visit.node) + 1}` : 'c');
  const lines = [
    'sequenceDiagram',
    ...(isRecorded ? [] : [`    participant c as client ${label(endpointText(attempt.client))}`]),
    ...nodes.map((node, i) => `    participant n${i + 1} as ${label(node)}`),
  ];
  for (const [i, visit] of visits.entries()) {
    const [from, to] = [id(visits[i - 1]), id(visit)];
    const [step] = visit.steps;
    if (from !== to && (i > 0 || !isRecorded)) {
      const arrow = step!.role === 'request' ? '->>' : '-->>';
      lines.push(`    ${from}${arrow}${to}: ${packetText(step!, attempt.protocol)}`);
    }
    lines.push(`    Note over ${to}: ${placesText(visit, attempt.protocol)}`);
  }
  if (finding.severity === 'fault' || finding.slow) {
    lines.push(
      `    Note over ${id(visits.at(-1))}: ${label(`X ${lossMark(finding, attempt)}: ${causeText(finding)}`)}`,
    );
  }
  return lines;
}

function visitsOf(steps: readonly PathStep[]): Visit[] {
  const visits: Visit[] = [];
  for (const step of steps) {
    const node = nodeText(step)!;
    const last = visits.at(-1);
    if (last?.node === node && last.steps[0]!.role === step.role) last.steps.push(step);
    else visits.push({ node, steps: [step] });
  }
  return visits;
}

/** `SYN 10.0.0.5:40000 to 192.168.1.100:80`, and the tunnels around it below. */
function packetText({ role, source, destination, tunnels }: PathStep, protocol: string): string {
  const flow = `${packetName(protocol, role)} ${endpointText(source)} to ${endpointText(destination)}`;
  return [flow, ...tunnels.map((tunnel) => `in ${tunnel}`)].map(label).join(BREAK);
}

/** `SYN in eth0, out flannel.1` */
function placesText({ steps }: Visit, protocol: string): string {
  const places = steps.map((step) => `${step.direction ?? 'on'} ${step.interface ?? '?'}`);
  return label(`${packetName(protocol, steps[0]!.role)} ${[...new Set(places)].join(', ')}`);
}

const BREAK = '<br/>';

/** Longer names tell nothing more in a picture. */
const LONGEST = 120;

/** Mermaid has signs of its own; what is neither letter nor digit nor harmless is written by its number. */
function label(text: string): string {
  const whole = text.trim() === '' ? '-' : text;
  const characters = Array.from(whole.length > LONGEST * 2 ? whole.slice(0, LONGEST * 2) : whole);
  const short = characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}...` : whole;
  return short.replace(/[^A-Za-z0-9 .,:/_?()-]/gu, (character) => `#${character.codePointAt(0)};`);
}
