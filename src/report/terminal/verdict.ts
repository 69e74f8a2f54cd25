import type { Analysis } from '../../model/analysis.js';
import type { Style } from '../style.js';
import { type VerdictItem, verdictItems, verdictText } from '../verdict.js';
import { labelled } from './wrap.js';

const INDENT = 9;
/** More than these are found in their sections; the verdict has to be read at a glance. */
const MOST_FINDINGS = 5;

export interface Statement {
  /** Empty for what goes on from the statement before. */
  title: 'FAULT' | 'RISK' | 'OK' | 'UNCLEAR' | 'CAUTION' | '';
  text: string;
  /** Or why none is proposed; null where nothing is to be done. */
  fix: string | null;
}

/** The first lines of the report: what is broken, where and why, or that nothing is. */
export function verdict(analysis: Analysis, style: Style): string[] {
  const paints = { FAULT: style.red, RISK: style.yellow, OK: style.green, UNCLEAR: style.yellow };
  return verdictStatements(analysis, style.ellipsis).flatMap(({ title, text, fix }) => {
    const paint = title === '' || title === 'CAUTION' ? style.yellow : paints[title];
    const label = (word: string) => (word === '' ? word : style.bold(paint(word)));
    return [
      ...labelled(title, text, style.measure, INDENT, label),
      ...(fix === null ? [] : labelled('', `Fix: ${fix}`, style.measure, INDENT)),
    ];
  });
}

/** The verdict, a statement a finding, the gravest first; of many findings the first ones. */
export function verdictStatements(analysis: Analysis, ellipsis: string): Statement[] {
  const items = verdictItems(analysis);
  const of = (...kinds: VerdictItem['kind'][]) => items.filter(({ kind }) => kinds.includes(kind));
  return [
    ...of('ok', 'unclear').map(statement),
    ...shortened(of('fault'), ellipsis),
    ...shortened(of('risk'), ellipsis),
    ...of('caution').map(statement),
  ];
}

function shortened(items: VerdictItem[], ellipsis: string): Statement[] {
  const shown = items.slice(0, MOST_FINDINGS).map(statement);
  const more = items.length - MOST_FINDINGS;
  if (more > 0) shown.push({ title: '', text: `${ellipsis} and ${more} more, below`, fix: null });
  return shown;
}

function statement(item: VerdictItem): Statement {
  const title = item.kind.toUpperCase() as Uppercase<VerdictItem['kind']>;
  return { title, text: verdictText(item), fix: item.fix };
}
