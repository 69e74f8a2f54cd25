import type { Analysis, AnalysisAttempt, Finding } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { affectedText, certaintyText, exemplar, lastSeenText } from '../terminal/finding.js';
import { addressNames, namedAddress } from '../terminal/names.js';
import { causeText, nodeText, placeText } from '../terminal/words.js';
import { EvidenceList } from './evidence.js';
import { FixBox } from './fix.js';
import { Hops } from './path/hops.js';
import { PathPicture } from './path/picture.js';
import { Patterns } from './patterns.js';
import { Way } from './predictions.js';

interface FindingProps {
  finding: Finding;
  /** From 1. */
  number: number;
  analysis: Analysis;
}

/** The id of a finding's section, for links. */
export function findingAnchor(number: number): string {
  return `finding-${number}`;
}

/** One finding: what, where and the fix beside the picture, then the hops, the proof and what was ruled out. */
export function FindingSection({ finding, number, analysis }: FindingProps) {
  const attempt = exemplar(finding, analysis);
  const id = findingAnchor(number);
  const way = (analysis.predictions ?? [])
    .flatMap((prediction) => prediction.ways)
    .find((one) => one.finding === finding.id);
  return (
    <section id={id} class={`finding ${finding.severity}`} aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>
        <span class={`tag ${finding.severity}`}>{finding.severity}</span>
        {` ${number} of ${analysis.findings.length}: ${causeText(finding)}`}
      </h2>
      <div class={attempt ? 'columns' : undefined}>
        <div>
          <p>{finding.summary}</p>
          <FixBox finding={finding} id={id} />
          <Facts finding={finding} attempt={attempt} analysis={analysis} />
        </div>
        {attempt && <PathPicture attempt={attempt} finding={finding} analysis={analysis} id={`${id}-path`} />}
      </div>
      <Patterns finding={finding} />
      {way && (
        <>
          <h3>The way that it would go</h3>
          <Way way={way} />
        </>
      )}
      {attempt && (
        <>
          <h3>{`Hop by hop: attempt ${attempt.id}${finding.attempts.length > 1 ? `, one of ${numberText(finding.attempts.length)}` : ''}`}</h3>
          <Hops attempt={attempt} finding={finding} analysis={analysis} />
        </>
      )}
      <EvidenceList finding={finding} />
    </section>
  );
}

interface FactsProps {
  finding: Finding;
  attempt: AnalysisAttempt | null;
  analysis: Analysis;
}

function Facts({ finding, attempt, analysis }: FactsProps) {
  const { interface: by, vip, slow = 0, claimants, attempts } = finding;
  const at = nodeText(finding);
  const rows: [string, string][] = at === null && by === null ? [] : [['Where', placeText(at, by)]];
  for (const { node, interface: name, mac } of claimants)
    rows.push(['Claimed by', `${mac} (${placeText(node, name)})`]);
  const affected = affectedText(finding, analysis);
  if (affected) {
    const to = vip === null ? '' : ` to ${namedAddress(vip, addressNames(analysis))}`;
    const all = slow >= attempts.length;
    const late =
      slow === 0
        ? ''
        : `; ${all ? 'all' : `${numberText(slow)} of them`} made in the end, after lost packets`;
    rows.push(['Affected', `${affected}${to}${late}`]);
  }
  if (finding.cause !== 'undetermined')
    rows.push(['Certainty', `${finding.confidence}: ${certaintyText(finding, analysis)}`]);
  if (attempt) rows.push(['Last seen', lastSeenText(attempt)]);
  return (
    <dl class="facts">
      {rows.map(([label, text]) => (
        <div>
          <dt>{label}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
