import { type Analysis, type AnalysisAttempt, type Finding, OUTCOMES } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { isSlow, stuckOf } from '../shown-attempts.js';
import { lastSeen } from '../terminal/attempts.js';
import {
  counted,
  durationText,
  endpointText,
  flowText,
  gradeOf,
  outcomeText,
  totalText,
} from '../terminal/words.js';
import { FilterBar } from './filter.js';
import { Ladder } from './ladder.js';
import { Scrolled, Table } from './table.js';

/** Rows of the table: a page stays below a megabyte. */
export const MOST_ATTEMPTS = 600;
/** Attempts that have a ladder: the first ones of each kind. */
const MOST_LADDERS = 24;
const LADDERS_OF_A_KIND = 3;

interface ConnectionsProps {
  analysis: Analysis;
  /** Those of its attempts that the table has, those that failed first. */
  shown: readonly AnalysisAttempt[];
  /** How many the analysis lists. */
  listed: number;
}

/** How every connection ended: counted, one by one with filters, and step by step for some of each kind. */
export function ConnectionsSection({ analysis, shown, listed }: ConnectionsProps) {
  const causes = causesOf(analysis);
  const stuck = stuckOf(analysis);
  const ladders = withLadder(shown, causes);
  if (analysis.totals.length === 0 && shown.length === 0) return null;
  return (
    <section id="connections" aria-labelledby="connections-heading">
      <h2 id="connections-heading">Connections</h2>
      <Totals analysis={analysis} />
      {shown.length > 0 && (
        <>
          <h3 id="attempts">Attempts</h3>
          <FilterBar
            attempts={shown}
            causesOf={(attempt) => causes.get(attempt.id)?.map(({ cause }) => cause) ?? []}
          />
          <AttemptTable shown={shown} causes={causes} stuck={stuck} ladders={ladders} />
          <More listed={listed} shown={shown.length} />
        </>
      )}
      {ladders.length > 0 && (
        <>
          <h3>Ladders</h3>
          <p class="remark">
            {`Every sighting of an attempt, by the first node's clock. ${numberText(ladders.length)} of ${counted(shown.length, 'attempt')}: the first of each outcome and cause.`}
          </p>
          {ladders.map((attempt, i) => {
            const finding = causes.get(attempt.id)?.[0] ?? null;
            return (
              <details class="ladder-of" id={ladderAnchor(i)} {...marks(attempt, causes)} open={i === 0}>
                <summary>
                  {`${attempt.id}: ${attempt.protocol} ${flowText(attempt.client, attempt.server)}, ${outcomeText(attempt, stuck.has(attempt.id))}`}
                </summary>
                <Ladder attempt={attempt} finding={finding} analysis={analysis} id={ladderAnchor(i)} />
              </details>
            );
          })}
        </>
      )}
    </section>
  );
}

function ladderAnchor(index: number): string {
  return `ladder-${index + 1}`;
}

/** The findings that name each attempt. */
function causesOf({ findings }: Analysis): Map<string, Finding[]> {
  const causes = new Map<string, Finding[]>();
  for (const finding of findings) {
    for (const id of finding.attempts) {
      const known = causes.get(id);
      if (known) known.push(finding);
      else causes.set(id, [finding]);
    }
  }
  return causes;
}

function withLadder(
  shown: readonly AnalysisAttempt[],
  causes: ReadonlyMap<string, Finding[]>,
): AnalysisAttempt[] {
  const counts = new Map<string, number>();
  return shown
    .filter((attempt) => {
      if (attempt.path.length === 0) return false;
      const ids = causes.get(attempt.id)?.map(({ id }) => id) ?? [];
      const kind = `${attempt.outcome} ${isSlow(attempt)} ${ids.join(' ')}`;
      const count = (counts.get(kind) ?? 0) + 1;
      counts.set(kind, count);
      return count <= LADDERS_OF_A_KIND;
    })
    .slice(0, MOST_LADDERS);
}

/** What the filter goes by. */
function marks(attempt: AnalysisAttempt, causes: ReadonlyMap<string, Finding[]>) {
  return {
    'data-vip': attempt.vip ?? '',
    'data-client': attempt.client.address,
    'data-outcome': attempt.outcome,
    'data-cause': (causes.get(attempt.id) ?? []).map(({ cause }) => cause).join(' '),
  };
}

interface AttemptTableProps {
  shown: readonly AnalysisAttempt[];
  causes: ReadonlyMap<string, Finding[]>;
  /** The names of those that were established and got no further. */
  stuck: ReadonlySet<string>;
  ladders: readonly AnalysisAttempt[];
}

function AttemptTable({ shown, causes, stuck, ladders }: AttemptTableProps) {
  const slow = shown.some(isSlow);
  return (
    <Scrolled label="Attempts">
      <table id="attempts-table">
        <caption class="hidden">Attempts, those that failed first</caption>
        <thead>
          <tr>
            {['Attempt', 'Client', 'Server', 'Outcome', 'Cause', 'Began (UTC)'].map((title) => (
              <th scope="col">{title}</th>
            ))}
            {slow && (
              <th scope="col" class="right">
                Late
              </th>
            )}
            <th scope="col" class="right">
              Tries
            </th>
            <th scope="col">Last seen</th>
          </tr>
        </thead>
        <tbody>
          {shown.map((attempt) => {
            const at = ladders.indexOf(attempt);
            const isStuck = stuck.has(attempt.id);
            return (
              <tr {...marks(attempt, causes)}>
                <th scope="row">
                  {at >= 0 ? <a href={`#${ladderAnchor(at)}`}>{attempt.id}</a> : attempt.id}
                </th>
                <td>{endpointText(attempt.client)}</td>
                <td>{endpointText(attempt.server)}</td>
                <td class={gradeOf(attempt, isStuck)}>{outcomeText(attempt, isStuck)}</td>
                <td>{(causes.get(attempt.id) ?? []).map(({ cause }) => cause).join(', ')}</td>
                <td>{attempt.firstTime?.replace('T', ' ').slice(0, 23) ?? '–'}</td>
                {slow && <td class="right">{isSlow(attempt) ? durationText(attempt.delayNs!) : ''}</td>}
                <td class="right">{numberText(attempt.tries)}</td>
                <td>{lastSeen(attempt)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scrolled>
  );
}

function More({ listed, shown }: { listed: number; shown: number }) {
  const more = listed - shown;
  return more > 0 ? (
    <p class="remark">{`… and ${numberText(more)} more, which --format json lists.`}</p>
  ) : null;
}

/** How many ended how, a line a VIP and protocol. */
function Totals({ analysis }: { analysis: Analysis }) {
  const { totals } = analysis;
  if (totals.length === 0) return null;
  const seen = OUTCOMES.filter((outcome) => totals.some((total) => total.outcomes[outcome] > 0));
  const slow = totals.some((total) => (total.slow ?? 0) > 0);
  const stuck = totals.some((total) => (total.stuck ?? 0) > 0);
  return (
    <Table
      caption="How many ended how"
      heads={[
        { title: 'VIP' },
        { title: 'Protocol' },
        { title: 'Total', align: 'right' },
        ...seen.map((title) => ({ title, align: 'right' as const })),
        ...(slow ? [{ title: 'of the established, slow', align: 'right' as const }] : []),
        ...(stuck ? [{ title: 'of the established, stuck', align: 'right' as const }] : []),
      ]}
      rows={totals.map((total) => {
        const { protocol, outcomes, slow: late = 0 } = total;
        return [
          totalText(total, analysis),
          protocol,
          numberText(Object.values(outcomes).reduce((sum, count) => sum + count, 0)),
          ...seen.map((outcome) => numberText(outcomes[outcome])),
          ...(slow ? [numberText(late)] : []),
          ...(stuck ? [numberText(total.stuck ?? 0)] : []),
        ];
      })}
    />
  );
}
