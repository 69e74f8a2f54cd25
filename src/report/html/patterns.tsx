import type { Finding, Pattern } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { type Head, Table } from './table.js';

/** By what the attempts that failed differ from those that were made. */
export function Patterns({ finding: { patterns = [] } }: { finding: Finding }) {
  if (patterns.length === 0) return null;
  return (
    <>
      <h3>Not always</h3>
      {patterns.map((pattern) => (
        <>
          <p>{pattern.summary}</p>
          <PatternTable pattern={pattern} />
        </>
      ))}
    </>
  );
}

function PatternTable({ pattern: { by, rows } }: { pattern: Pattern }) {
  const isSlow = rows.some((row) => row.slow > 0);
  const name = by.replaceAll('-', ' ');
  const heads: Head[] = [
    { title: name },
    { title: 'failed', align: 'right' },
    ...(isSlow ? [{ title: 'slow', align: 'right' } as const] : []),
    { title: 'made', align: 'right' },
    { title: 'share that failed' },
  ];
  return (
    <Table
      caption={`Connections by ${name}`}
      heads={heads}
      isCaptionHidden
      rows={rows.map(({ value, failed, slow, made }) => [
        value,
        numberText(failed),
        ...(isSlow ? [numberText(slow)] : []),
        numberText(made),
        <Share part={failed} whole={failed + slow + made} />,
      ])}
    />
  );
}

const BAR = 120;

function Share({ part, whole }: { part: number; whole: number }) {
  const share = whole === 0 ? 0 : part / whole;
  return (
    <span class="share">
      <svg width={BAR} height={10} viewBox={`0 0 ${BAR} 10`} aria-hidden="true">
        <rect class="whole" width={BAR} height={10} />
        <rect class="part" width={share * BAR} height={10} />
      </svg>
      {` ${Math.round(share * 100)}%`}
    </span>
  );
}
