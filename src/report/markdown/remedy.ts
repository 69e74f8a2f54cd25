import type { Finding, Fix } from '../../model/analysis.js';
import type { Style } from '../style.js';
import { manifestLines, scriptLines, undoLines, whatIfWord, withoutFix } from '../terminal/remedy.js';
import { bullet } from './bullet.js';
import { fence, paragraph } from './inline.js';

/** What to do, as commands that can be copied, with what the model saw them do; '' where there is nothing to mend. */
export function remedyText(finding: Finding, style: Style): string {
  const { fix, whatIf, severity } = finding;
  const asked = whatIf
    ? [
        [
          ...whatIf.changes.map((change) => bullet('What if', change)),
          bullet(capitalized(whatIfWord(whatIf.mended).toLowerCase()), whatIf.expected),
        ].join('\n'),
      ]
    : [];
  if (!fix && severity === 'info') return asked.join('\n\n');
  const answer = fix ? fixTexts(fix, style) : [paragraph(capitalized(withoutFix(finding)))];
  return ['### Fix', ...asked, ...answer].join('\n\n');
}

function fixTexts(fix: Fix, style: Style): string[] {
  const flush = (lines: readonly string[]) => lines.map((line) => line.replace(/^ {4}/, ''));
  const commands = flush(scriptLines({ ...fix, manifests: [] }, style));
  const undo = flush(undoLines(fix, style)).slice(1);
  const blocks = [commands.slice(1), ...fix.manifests.map((manifest) => manifestLines(manifest, style))];
  const notes = [
    ...(fix.undoneBy ?? []).map((text) => bullet('Undone by', text)),
    ...(fix.risk === '' ? [] : [bullet('Risk', fix.risk)]),
    ...(fix.expected === '' ? [] : [bullet('Expected', fix.expected)]),
  ];
  return [
    ...(fix.summary.trim() === '' ? [] : [paragraph(fix.summary)]),
    ...blocks.filter((lines) => lines.length > 0).map((lines) => fence(lines, 'sh')),
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    ...(undo.length > 0 ? [fence(undo, 'sh')] : []),
  ];
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
