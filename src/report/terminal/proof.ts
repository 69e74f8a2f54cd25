import { EVIDENCE_KINDS, type Evidence, type EvidenceKind, type Finding } from '../../model/analysis.js';
import type { Style } from '../style.js';
import { labelled } from './wrap.js';

/** Of one kind; the rest repeats it. */
const MOST_OF_A_KIND = 6;

/** What a person calls a kind, where not by its own name. */
export const KIND_NAMES: Partial<Record<EvidenceKind, string>> = {
  martian: 'kernel log',
  'drop-reason': 'drop reason',
  model: 'kernel model',
};

/** What the finding rests on, grouped by kind, each line with the place where it can be looked up. */
export function proof({ evidence }: Finding, style: Style): string[] {
  if (evidence.length === 0) return [];
  const lines = ['', style.bold('Proof')];
  for (const [kind, group] of byKind(evidence)) {
    const items = statements(group);
    for (const [i, item] of items.slice(0, MOST_OF_A_KIND).entries()) {
      const label = i === 0 ? `  ${KIND_NAMES[kind] ?? kind}` : '';
      lines.push(...labelled(label, sentence(item), style.measure, 16));
    }
    const more = items.length - MOST_OF_A_KIND;
    if (more > 0) lines.push(...labelled('', `${style.ellipsis} and ${more} more`, style.measure, 16));
  }
  return lines;
}

/** Which other causes were weighed, and why they are not it. */
export function ruledOut({ alternatives }: Finding, style: Style): string[] {
  if (alternatives.length === 0) return [];
  return [
    '',
    style.bold('Ruled out'),
    ...alternatives.flatMap(({ cause, why }) => labelled(`  ${cause}`, why, style.measure, 22)),
  ];
}

/** Kinds in the order of the model; the order within a kind is the finding's. */
export function byKind(evidence: Evidence[]): Map<EvidenceKind, Evidence[]> {
  const groups = new Map<EvidenceKind, Evidence[]>();
  const order = [...EVIDENCE_KINDS, ...evidence.map((item) => item.kind)];
  for (const kind of new Set(order)) {
    const items = evidence.filter((item) => item.kind === kind);
    if (items.length > 0) groups.set(kind, items);
  }
  return groups;
}

/** One statement, and every place that bears it out. */
interface Statement {
  node: string | null;
  text: string;
  file: string | null;
  lines: number[];
  packets: number[];
}

/** What is said of several packets or lines of one file in the same words is said once. */
function statements(items: readonly Evidence[]): Statement[] {
  const found = new Map<string, Statement>();
  for (const { node, text, file, line, packet } of items) {
    const key = JSON.stringify([node, text, file]);
    let statement = found.get(key);
    if (!statement) {
      statement = { node, text, file, lines: [], packets: [] };
      found.set(key, statement);
    }
    if (line !== null) statement.lines.push(line);
    if (packet !== null) statement.packets.push(packet);
  }
  return [...found.values()];
}

function sentence({ node, text, file, lines, packets }: Statement): string {
  const at = [
    ...(file === null ? [] : [file]),
    ...numbered('line', lines),
    ...numbered('packet', packets),
  ].join(' ');
  return `${node === null ? '' : `${node}: `}${text}${at === '' ? '' : ` [${at}]`}`;
}

function numbered(word: string, numbers: readonly number[]): string[] {
  if (numbers.length === 0) return [];
  const shown = numbers.slice(0, MOST_OF_A_KIND).join(', ');
  const more = numbers.length - MOST_OF_A_KIND;
  return [`${word}${numbers.length > 1 ? 's' : ''} ${shown}${more > 0 ? ` and ${more} more` : ''}`];
}
