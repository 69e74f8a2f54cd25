import type { Finding, Fix, FixCommand, FixFile, WhatIf } from '../../model/analysis.js';
import { commandTitle, UNWRITTEN, whatIfWord, withoutFix } from '../terminal/remedy.js';
import { Commands } from './table.js';

/** What to do about a finding: the commands to copy, what they risk, and what the kernel model saw them do. */
export function FixBox({ finding, id }: { finding: Finding; id: string }) {
  const { fix, whatIf } = finding;
  if (!fix && finding.severity === 'info' && !whatIf) return null;
  return (
    <div class="fix">
      {whatIf && <WhatIfText whatIf={whatIf} />}
      {fix ? (
        <FixText fix={fix} id={id} />
      ) : (
        finding.severity !== 'info' && (
          <>
            <h3 id={`${id}-fix`}>Fix</h3>
            <p>{withoutFix(finding)}</p>
          </>
        )
      )}
    </div>
  );
}

function FixText({ fix, id }: { fix: Fix; id: string }) {
  const { summary, commands, files = [], manifests, undoneBy = [], undo = [], risk, expected } = fix;
  return (
    <>
      <h3 id={`${id}-fix`}>Fix</h3>
      <p class="summary">{summary}</p>
      {grouped(commands).map(([title, own]) => (
        <>
          <p class="where">{title}</p>
          <Commands label={`Commands ${title}`}>{own.map(({ command }) => command).join('\n')}</Commands>
        </>
      ))}
      {manifests.map((manifest) => (
        <>
          <p class="where">in the cluster</p>
          <Commands label="Manifest to apply">
            {`kubectl apply --server-side --force-conflicts -f - <<'EOF'\n${manifest.trimEnd()}\nEOF`}
          </Commands>
        </>
      ))}
      {files.length > 0 && <Files files={files} />}
      <dl>
        {undoneBy.map((line) => (
          <div>
            <dt>Undone by</dt>
            <dd>{line}</dd>
          </div>
        ))}
        {risk !== '' && (
          <div>
            <dt>Risk</dt>
            <dd>{risk}</dd>
          </div>
        )}
        {expected !== '' && (
          <div>
            <dt>Expected</dt>
            <dd>{expected}</dd>
          </div>
        )}
      </dl>
      {undo.length > 0 && <Undo undo={undo} files={files} />}
    </>
  );
}

/** Folded: it is wanted when the fix was the wrong one. */
function Undo({ undo, files }: { undo: readonly FixCommand[]; files: readonly FixFile[] }) {
  return (
    <details class="undo">
      <summary>To take it back</summary>
      {[...new Set(undo.map(({ node }) => node))].map((node) => (
        <>
          <p class="where">{`on ${node}${files.some((file) => file.node === node) ? `, ${UNWRITTEN}` : ''}`}</p>
          <Commands label={`Commands that take it back on ${node}`}>
            {undo
              .filter((line) => line.node === node)
              .map(({ command }) => command)
              .join('\n')}
          </Commands>
        </>
      ))}
    </details>
  );
}

/** Those that follow each other on one node and last as long. */
function grouped(commands: readonly FixCommand[]): [string, FixCommand[]][] {
  const groups: [string, FixCommand[]][] = [];
  for (const command of commands) {
    const title = commandTitle(command);
    const last = groups.at(-1);
    if (last?.[0] === title) last[1].push(command);
    else groups.push([title, [command]]);
  }
  return groups;
}

function Files({ files }: { files: readonly FixFile[] }) {
  return (
    <>
      <p class="where">to stay after a reboot, in the file of what configures the node</p>
      {files.map(({ node, manager, path, content }) => (
        <details>
          <summary>{`${node}, ${manager}: ${path}`}</summary>
          <Commands label={`Content of ${path} on ${node}`}>{content.trimEnd()}</Commands>
        </details>
      ))}
    </>
  );
}

function WhatIfText({ whatIf: { changes, mended, expected } }: { whatIf: WhatIf }) {
  return (
    <>
      <h3>What if</h3>
      <ul>
        {changes.map((change) => (
          <li>
            <code>{change}</code>
          </li>
        ))}
      </ul>
      <p>
        <strong>{`${whatIfWord(mended)}: `}</strong>
        {expected}
      </p>
    </>
  );
}
