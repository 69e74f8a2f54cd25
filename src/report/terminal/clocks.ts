import type { Analysis, AnalysisClock } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import type { Style } from '../style.js';
import { heading } from './heading.js';
import { type Cell, type Column, table } from './table.js';
import { durationText } from './words.js';

/** Clocks that agree better than this need no explanation beside times of milliseconds. */
const NOTEWORTHY_NS = 1e6;

/** How far the nodes' clocks are apart; nothing where they agree. */
export function clocksSection({ clocks, inputs }: Analysis, style: Style): string[] {
  const nodes = new Set(inputs.map((input) => input.node));
  if (nodes.size < 2 || clocks.every(agrees)) return [];
  const columns: Column[] = [
    { title: 'node' },
    { title: 'ahead of the first', align: 'right' },
    { title: 'give or take', align: 'right' },
    { title: 'drift', align: 'right' },
    { title: 'packets matched', align: 'right' },
  ];
  const rows = clocks.map((clock): Cell[] => [
    clock.node,
    aheadText(clock),
    clock.uncertaintyNs === null ? '?' : durationText(clock.uncertaintyNs),
    clock.wasSet ? 'was set' : clock.driftPpm === null ? '?' : `${clock.driftPpm.toFixed(1)} ppm`,
    numberText(clock.matched),
  ]);
  return [...heading('Clocks', style), ...table(columns, rows, style)];
}

/** Packets that went one way alone may have taken any time: then the offset is a bound. */
export function aheadText({ offsetNs, bound }: AnalysisClock): string {
  if (offsetNs === null) return 'unknown';
  const words = bound ? `${bound.replace('-', ' ')} ` : '';
  return words + durationText(offsetNs);
}

function agrees({ offsetNs, wasSet }: AnalysisClock): boolean {
  return offsetNs !== null && Math.abs(offsetNs) < NOTEWORTHY_NS && !wasSet;
}
