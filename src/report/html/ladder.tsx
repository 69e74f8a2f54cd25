import type { Analysis, AnalysisAttempt, Finding, PathStep } from '../../model/analysis.js';
import { lossMark } from '../terminal/causes.js';
import { flowText, lastSightingIndex, nodeText, packetName } from '../terminal/words.js';
import { elapsedText } from './path/hops.js';
import { clipped } from './svg-text.js';
import { Scrolled } from './table.js';

/** Of a path that is longer, the middle is left out. */
const FIRST_ROWS = 24;
const LAST_ROWS = 24;
const MOST_NODES = 8;

const GUTTER = 92;
const COLUMN = 190;
const ROW = 24;
const HEAD = 34;

interface LadderProps {
  attempt: AnalysisAttempt;
  finding: Finding | null;
  analysis: Analysis;
  id: string;
}

/** One row of the ladder: a sighting, or null where some are left out. */
type Row = PathStep | null;

/** Every sighting of an attempt in its order: a line a node, time on the left by the first node's clock. */
export function Ladder({ attempt, finding, analysis, id }: LadderProps) {
  const { path } = attempt;
  const first = path[0];
  if (!first) return null;
  const nodes = [...new Set(path.map((step) => nodeText(step)!))].slice(0, MOST_NODES);
  const rows = shownRows(path);
  const lost =
    finding === null || attempt.outcome === 'established' ? null : path[lastSightingIndex(attempt)];
  const width = GUTTER + nodes.length * COLUMN;
  const height = HEAD + (rows.length + 1) * ROW;
  const x = (step: PathStep) => GUTTER + 14 + nodes.indexOf(nodeText(step)!) * COLUMN;
  const y = (row: number) => HEAD + row * ROW + ROW / 2;
  return (
    <Scrolled label={`Ladder of attempt ${attempt.id}`}>
      <svg
        class="ladder"
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-labelledby={`${id}-title ${id}-desc`}
      >
        <title id={`${id}-title`}>{`Ladder of attempt ${attempt.id}`}</title>
        <desc id={`${id}-desc`}>
          {`${attempt.protocol} ${flowText(attempt.client, attempt.server)}, ${attempt.outcome}: ${rows.map((row) => (row ? spoken(row, first, attempt, analysis) : 'some left out')).join('; ')}`}
        </desc>
        <text class="head" x={GUTTER - 12} y={20} text-anchor="end">
          +ms
        </text>
        {nodes.map((node, i) => (
          <g class="lifeline">
            <text class="head" x={GUTTER + 8 + i * COLUMN} y={20}>
              {clipped(node, 24)}
            </text>
            <line x1={GUTTER + 14 + i * COLUMN} y1={HEAD - 4} x2={GUTTER + 14 + i * COLUMN} y2={height - 6} />
          </g>
        ))}
        {rows.map((row, i) => {
          const next = rows[i + 1];
          if (!row || !next || !isSamePacket(row, next) || !isDrawn(row, nodes) || !isDrawn(next, nodes))
            return null;
          return <line class={row.role} x1={x(row)} y1={y(i)} x2={x(next)} y2={y(i + 1)} />;
        })}
        {rows.map((row, i) =>
          row === null || !isDrawn(row, nodes) ? (
            <text class="time" x={GUTTER - 12} y={y(i) + 4} text-anchor="end">
              …
            </text>
          ) : (
            <g class={row.role}>
              <text class="time" x={GUTTER - 12} y={y(i) + 4} text-anchor="end">
                {elapsedText(first, row, analysis)}
              </text>
              <circle cx={x(row)} cy={y(i)} r={4.5} />
              <text x={x(row) + 12} y={y(i) + 4}>
                {label(row, rows[i - 1] ?? null, attempt.protocol)}
              </text>
              {row === lost && finding && (
                <g class="mark">
                  <path
                    d={`M${x(row) - 5} ${y(i) + ROW - 5} l10 10 M${x(row) + 5} ${y(i) + ROW - 5} l-10 10`}
                  />
                </g>
              )}
            </g>
          ),
        )}
      </svg>
      {lost && finding && finding.severity === 'fault' && (
        <p class="loss">{`✗ ${lossMark(finding, attempt)} (${finding.cause})`}</p>
      )}
    </Scrolled>
  );
}

function shownRows(path: readonly PathStep[]): Row[] {
  if (path.length <= FIRST_ROWS + LAST_ROWS) return [...path];
  return [...path.slice(0, FIRST_ROWS), null, ...path.slice(-LAST_ROWS)];
}

function isDrawn(step: PathStep, nodes: readonly string[]): boolean {
  return nodes.includes(nodeText(step)!);
}

function isSamePacket(a: PathStep, b: PathStep): boolean {
  return a.role === b.role && a.try === b.try;
}

/** The packet is named where it is another than in the row above. */
function label(step: PathStep, above: Row, protocol: string): string {
  const again = step.try > 1 ? ` (try ${step.try})` : '';
  const name = above && isSamePacket(above, step) ? '' : `${packetName(protocol, step.role)}${again} `;
  const direction = step.direction === null ? '' : ` ${step.direction}`;
  const tunnel = step.tunnels[0]?.split(' ', 1)[0];
  return clipped(`${name}${step.interface ?? '?'}${direction}${tunnel ? ` [${tunnel}]` : ''}`, 28);
}

function spoken(step: PathStep, first: PathStep, { protocol }: AnalysisAttempt, analysis: Analysis): string {
  const at = `${elapsedText(first, step, analysis)} ms`;
  return `${at} ${packetName(protocol, step.role)} try ${step.try} on ${nodeText(step)} ${step.interface ?? '?'} ${step.direction ?? ''}`.trim();
}
