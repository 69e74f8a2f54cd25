import type { Style } from '../style.js';
import { wrap } from './wrap.js';

/** A blank line, the title, and a rule under it. */
export function heading(title: string, style: Style): string[] {
  return ['', ...wrap(title, style.measure).map(style.bold), style.dim(style.rule.repeat(style.measure))];
}
