import { numberText } from '../../model/texts.js';
import { escapeAll } from '../escape.js';
import { createStyle, type Style } from '../style.js';
import { probeText } from '../terminal/probes.js';
import { type Cell, table } from '../terminal/table.js';
import { verdict } from '../terminal/verdict.js';
import { wrap } from '../terminal/wrap.js';
import { type LiveNode, type LiveView, settledFindings, totalsOf } from './view.js';

/** Martian lines and drop reasons that findings rest on are counted by these kinds of evidence. */
const KERNEL_RECORDS = new Set(['martian', 'drop-reason']);
/** A node that has not been heard of for so long is marked, ms. */
const LATE_MS = 3000;

export interface LiveTableOptions {
  columns: number;
  /** Lines that there is room for; what is beyond is left out. */
  rows: number;
  color: boolean;
  /** Packets a second of each node. */
  rates: ReadonlyMap<string, number>;
}

/** How a live run stands, as text that replaces itself: the verdict so far, the VIPs, the nodes. */
export function renderLive(view: LiveView, { columns, rows, color, rates }: LiveTableOptions): string {
  const style = createStyle(columns, color);
  const safe = escapeAll(view);
  const lines = [
    ...verdictLines(safe, style),
    '',
    ...vipLines(safe, style),
    ...nodeLines(safe, rates, style),
    ...probeLines(safe, style),
    '',
    style.dim(footing(safe)),
  ];
  const shown =
    lines.length <= rows ? lines : [...lines.slice(0, Math.max(rows - 2, 1)), style.ellipsis, lines.at(-1)!];
  return `${shown.join('\n')}\n`;
}

function verdictLines(view: LiveView, style: Style): string[] {
  if (view.analysis === null) return ['Nothing has been analyzed yet.'];
  return verdict({ ...view.analysis, findings: settledFindings(view) }, style);
}

function vipLines(view: LiveView, style: Style): string[] {
  const totals = totalsOf(view);
  if (totals.length === 0) return [];
  const rows = totals.map(({ vip, protocol, made, slow, refused, lost, pending }): Cell[] => [
    vip ?? 'others',
    protocol,
    numberText(made),
    marked(slow, style.yellow),
    marked(refused, style.yellow),
    marked(lost, style.red),
    numberText(pending),
    vip === null ? '' : numberText(recordsOf(view, vip)),
    vip === null ? '' : ownersCell(view, vip, style),
  ]);
  const columns = ['VIP', '', 'made', 'slow', 'refused', 'lost', 'open', 'kernel records', 'owner'];
  return [
    ...table(
      columns.map((title, i) => ({ title, align: i > 1 && title !== 'owner' ? 'right' : 'left' })),
      rows,
      style,
    ),
    '',
  ];
}

/** Who answered for the VIP last, and before; several at once is a conflict, one after the other a hand-over. */
function ownersCell({ analysis }: LiveView, vip: string, style: Style): Cell {
  const spells = analysis?.owners?.find(({ address }) => address === vip)?.spells ?? [];
  const names = [...new Set(spells.map(({ node, mac }) => node ?? mac))];
  const last = spells.at(-1);
  if (!last || names.length < 2) return names.join('');
  return { text: `${last.node ?? last.mac}, ${spells.length} turns of ${names.length}`, paint: style.yellow };
}

function recordsOf(view: LiveView, vip: string): number {
  return settledFindings(view)
    .filter((finding) => finding.vip === vip)
    .reduce((sum, { evidence }) => sum + evidence.filter(({ kind }) => KERNEL_RECORDS.has(kind)).length, 0);
}

function nodeLines(view: LiveView, rates: ReadonlyMap<string, number>, style: Style): string[] {
  const rows = view.nodes.map((node): Cell[] => [
    node.node,
    stateCell(node, style),
    numberText(node.packets),
    numberText(Math.round(rates.get(node.node) ?? 0)),
    node.dropped === null ? '?' : marked(node.dropped, style.red),
    node.heardMs === null ? '-' : lagText(node.heardMs),
  ]);
  const columns = ['node', 'state', 'packets', 'per second', 'dropped', 'heard'];
  return table(
    columns.map((title, i) => ({ title, align: i > 1 ? 'right' : 'left' })),
    rows,
    style,
  );
}

function probeLines({ probes }: LiveView, style: Style): string[] {
  if (probes.length === 0) return [];
  return ['', ...probes.flatMap((probe) => wrap(probeText(probe), style.measure))];
}

function stateCell({ state, message, heardMs }: LiveNode, style: Style): Cell {
  const text = message === null ? state : `${state}: ${message}`;
  if (state === 'failed' || state === 'waiting') return { text, paint: style.red };
  return state === 'capturing' && (heardMs ?? 0) > LATE_MS
    ? { text: `${text}, silent`, paint: style.yellow }
    : text;
}

function marked(count: number, paint: (text: string) => string): Cell {
  return count === 0 ? '0' : { text: numberText(count), paint };
}

function lagText(milliseconds: number): string {
  return milliseconds < 1500 ? 'now' : `${Math.round(milliseconds / 1000)} s ago`;
}

function footing({ elapsedMs, leftMs, isEnding }: LiveView): string {
  const elapsed = `${Math.floor(elapsedMs / 1000)} s`;
  if (isEnding) return `${elapsed}; ending: the nodes send what is left`;
  if (leftMs === null) return `${elapsed}; Ctrl-C ends it with the report`;
  return `${elapsed}, ${Math.ceil(leftMs / 1000)} s left; Ctrl-C ends it with the report`;
}
