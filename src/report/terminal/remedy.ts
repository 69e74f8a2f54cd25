import type { CauseId, Finding, Fix, FixCommand, WhatIf } from '../../model/analysis.js';
import type { Style } from '../style.js';
import { labelled, wrap } from './wrap.js';

const HEREDOC_END = 'EOF';

/** What is said where no fix is proposed. */
const WITHOUT_FIX: Partial<Record<CauseId, string>> = {
  undetermined: 'none yet: record first what "Capture next" asks for.',
  refused:
    'none in the network: have the backend listen there, or correct the port that the service points to.',
  'untranslated-reply':
    'no command: let the request stay on the node that translates it (externalTrafficPolicy: Local), let that node masquerade it (Cluster), or route replies back through it.',
};

/**
 * What to do. Commands stand alone on their lines and are never wrapped, with comments that a shell takes too: a
 * block can be copied as it is.
 */
export function remedy(finding: Finding, style: Style): string[] {
  const asked = finding.whatIf ? ['', ...whatIfLines(finding.whatIf, style)] : [];
  if (finding.fix) return [...asked, '', ...fixLines(finding.fix, style)];
  if (finding.severity === 'info') return asked;
  const why = WITHOUT_FIX[finding.cause] ?? 'none was found that the model of the kernel saw help.';
  return [...asked, '', ...labelled('Fix', why, style.measure, 8, style.bold)];
}

/** What the user's own changes would have done. */
function whatIfLines({ changes, mended, expected }: WhatIf, style: Style): string[] {
  const paint = mended === null ? style.yellow : mended ? style.green : style.red;
  return [
    ...changes.flatMap((change) => labelled('What if', change, style.measure, 9, style.bold)),
    ...labelled(whatIfWord(mended), expected, style.measure, 9, (label) => style.bold(paint(label))),
  ];
}

function whatIfWord(mended: boolean | null): string {
  if (mended === null) return 'UNCLEAR';
  return mended ? 'HELPS' : 'NO HELP';
}

function fixLines(fix: Fix, style: Style): string[] {
  const lines = labelled('Fix', fix.summary, style.measure, 8, style.bold);
  let heading = '';
  for (const command of fix.commands) {
    const next = commandHeading(command);
    if (next !== heading)
      lines.push('', ...wrap(next, style.measure - 6).map((l) => style.dim(`    # ${l}`)));
    heading = next;
    lines.push(`    ${style.cyan(command.command)}`);
  }
  for (const manifest of fix.manifests) lines.push('', ...manifestLines(manifest, style));
  if (fix.commands.length + fix.manifests.length > 0) lines.push('');
  if (fix.risk !== '') lines.push(...labelled('  Risk', fix.risk, style.measure, 12));
  if (fix.expected !== '') lines.push(...labelled('  Expected', fix.expected, style.measure, 12));
  return lines;
}

function commandHeading({ node, persists }: FixCommand): string {
  return `on ${node}, ${persists ? 'stays after a reboot' : 'lasts until the next reboot'}:`;
}

/** At the left edge, for the shell looks for the end of a here-document there. */
function manifestLines(manifest: string, style: Style): string[] {
  const body = manifest.replace(/\n+$/, '').split('\n');
  return [`kubectl apply -f - <<'${HEREDOC_END}'`, ...body, HEREDOC_END].map(style.cyan);
}
