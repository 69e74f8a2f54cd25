import type { CauseId, Finding, Fix, FixCommand, FixFile, WhatIf } from '../../model/analysis.js';
import type { Style } from '../style.js';
import { labelled, wrap } from './wrap.js';

const HEREDOC_END = 'EOF';

/** These keep firewall rules, which no program that configures addresses and routes does. */
const FIREWALL_MANAGERS: ReadonlySet<string> = new Set(['iptables-persistent', 'nftables']);

/** What is said where no fix is proposed. */
const WITHOUT_FIX: Partial<Record<CauseId, string>> = {
  undetermined: 'none yet: record first what "Capture next" asks for.',
  'arp-conflict':
    "none that the snapshots could name: find who has each MAC by the switch's address table, and leave the address to one of them.",
  'backend-silent':
    'none in the network: why the backend does not answer is to be seen where it runs (see "Capture next").',
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
  return [...asked, '', ...labelled('Fix', withoutFix(finding), style.measure, 8, style.bold)];
}

/** Why no fix is proposed, or what helps that is no command. */
export function withoutFix(finding: Finding): string {
  const told = generalAdvice(finding);
  const { noFix } = finding;
  if (noFix === undefined) return told ?? 'none: no change was looked for.';
  // It may well say what to do by hand: that is not to be read as nothing.
  return told === undefined ? `no command: ${noFix}.` : `${told} None could be worked out: ${noFix}.`;
}

/** The same at a glance: where something helps, how the search for commands ended is told further down. */
export function adviceWithoutFix(finding: Finding): string {
  return generalAdvice(finding) ?? withoutFix(finding);
}

/** Where the reason itself is known, what holds of the cause in general may contradict it. */
function generalAdvice({ cause, known, noFix }: Finding): string | undefined {
  return known !== undefined && noFix !== undefined ? undefined : WITHOUT_FIX[cause];
}

/** What the user's own changes would have done. */
function whatIfLines({ changes, mended, expected }: WhatIf, style: Style): string[] {
  const paint = mended === null ? style.yellow : mended ? style.green : style.red;
  return [
    ...changes.flatMap((change) => labelled('What if', change, style.measure, 9, style.bold)),
    ...labelled(whatIfWord(mended), expected, style.measure, 9, (label) => style.bold(paint(label))),
  ];
}

export function whatIfWord(mended: boolean | null): string {
  if (mended === null) return 'UNCLEAR';
  return mended ? 'HELPS' : 'NO HELP';
}

function fixLines(fix: Fix, style: Style): string[] {
  const lines = labelled('Fix', fix.summary, style.measure, 8, style.bold);
  lines.push(...scriptLines(fix, style));
  if (fix.commands.length + fix.manifests.length > 0) lines.push('');
  for (const line of fix.undoneBy ?? []) lines.push(...labelled('  Undone by', line, style.measure, 13));
  if (fix.risk !== '') lines.push(...labelled('  Risk', fix.risk, style.measure, 12));
  if (fix.expected !== '') lines.push(...labelled('  Expected', fix.expected, style.measure, 12));
  lines.push(...undoLines(fix, style));
  return lines;
}

/** What takes the commands back, node by node: a blank line before each. */
export function undoLines({ undo = [], files = [] }: Fix, style: Style): string[] {
  return [...new Set(undo.map(({ node }) => node))].flatMap((node) => [
    '',
    ...wrap(`to take it back on ${node}:`, style.measure - 6).map((l) => style.dim(`    # ${l}`)),
    ...undo.filter((line) => line.node === node).map(({ command }) => `    ${style.cyan(command)}`),
    ...(files.some((file) => file.node === node) ? [style.dim(`    # ${UNWRITTEN}`)] : []),
  ]);
}

/** What is said beside the commands that take a fix back, where a file makes it last. */
export const UNWRITTEN = 'and take out again what was written to make it last';

/** What a shell is to be given, node by node: a blank line before each, all but manifests indented. */
export function scriptLines(fix: Fix, style: Style): string[] {
  const lines: string[] = [];
  let heading = '';
  for (const command of fix.commands) {
    const next = commandHeading(command);
    if (next !== heading)
      lines.push('', ...wrap(next, style.measure - 6).map((l) => style.dim(`    # ${l}`)));
    heading = next;
    lines.push(`    ${style.cyan(command.command)}`);
  }
  lines.push(...fileLines(fix.files ?? [], style));
  for (const manifest of fix.manifests) lines.push('', ...manifestLines(manifest, style));
  return lines;
}

function commandHeading(command: FixCommand): string {
  return `${commandTitle(command)}:`;
}

/** Where to run it, and what it leaves behind. */
export function commandTitle({ node, persists, asks }: FixCommand): string {
  return `on ${node}, ${asks ? 'changes nothing' : persists ? 'stays after a reboot' : 'lasts until the next reboot'}`;
}

/** One way of making it last is written out; of several, any of which will do, the places, as comments. */
function fileLines(files: readonly FixFile[], style: Style): string[] {
  const lines: string[] = [];
  for (const node of new Set(files.map((file) => file.node))) {
    const own = files.filter((file) => file.node === node);
    const [only] = own;
    lines.push('', style.dim(`    # on ${node}, to stay after a reboot:`));
    if (own.length === 1 && only) {
      lines.push(style.dim(`    # ${only.manager}: ${only.path}`));
      lines.push(
        ...only.content
          .trimEnd()
          .split('\n')
          .map((line) => style.dim(`    #   ${line}`.trimEnd())),
      );
      continue;
    }
    const place = ({ manager, path }: FixFile) => style.dim(`    #   ${manager}: ${path}`);
    const managers = own.filter(({ manager }) => !FIREWALL_MANAGERS.has(manager));
    const firewall = own.filter(({ manager }) => FIREWALL_MANAGERS.has(manager));
    lines.push(...managers.map(place));
    if (managers.length > 1) lines.push(style.dim('    # whichever of these configures the node'));
    if (managers.length > 0 && firewall.length > 0) lines.push(style.dim('    # and for the rules:'));
    lines.push(...firewall.map(place), style.dim('    # --format json has what to write'));
  }
  return lines;
}

/**
 * At the left edge, for the shell looks for the end of a here-document there. Applied on the server's side, for a
 * manifest that says no more than what is to change would take the rest away on the client's.
 */
export function manifestLines(manifest: string, style: Style): string[] {
  const body = manifest.replace(/\n+$/, '').split('\n');
  return [`kubectl apply --server-side --force-conflicts -f - <<'${HEREDOC_END}'`, ...body, HEREDOC_END].map(
    style.cyan,
  );
}
