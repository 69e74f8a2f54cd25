import type { Analysis } from '../../model/analysis.js';
import type { Style } from '../style.js';
import { heading } from './heading.js';
import { placeText } from './words.js';
import { labelled } from './wrap.js';

/** What to record next, where these captures cannot tell. Commands stand alone on their lines, never wrapped. */
export function gapsSection({ gaps }: Analysis, style: Style): string[] {
  if (gaps.length === 0) return [];
  const lines = gaps.flatMap(({ node, interface: name, why, capture }, i) => {
    const where = node === null && name === null ? '' : `${placeText(node, name)}: `;
    return [
      ...labelled(`${i + 1}.`, `${where}${why}`, style.measure, 4),
      ...(capture === null ? [] : [`    ${style.cyan(capture)}`]),
    ];
  });
  return [...heading('Capture next', style), ...lines];
}
