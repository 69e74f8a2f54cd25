import type { Analysis, Finding } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { nodeText } from '../terminal/words.js';
import { type VerdictItem, verdictItems } from '../verdict.js';
import { findingAnchor } from './finding.js';

/** More than these are found in their sections; the verdict has to be read at a glance. */
const MOST_ITEMS = 6;

const WORDS: Record<VerdictItem['kind'], string> = {
  fault: 'Fault',
  risk: 'Risk',
  ok: 'OK',
  unclear: 'Unclear',
  caution: 'Caution',
};

/** What is broken, where and why, and the fix: the first thing on the page. */
export function VerdictSection({ analysis }: { analysis: Analysis }) {
  const items = verdictItems(analysis);
  const [first, ...rest] = items;
  if (!first) return null;
  const more = items.length - MOST_ITEMS;
  return (
    <section id="verdict" aria-labelledby="verdict-heading">
      <Item item={first} analysis={analysis} isFirst />
      {rest.slice(0, MOST_ITEMS - 1).map((item) => (
        <Item item={item} analysis={analysis} />
      ))}
      {more > 0 && <p class="remark">{`… and ${numberText(more)} more, below.`}</p>}
    </section>
  );
}

/** The page's heading is the verdict itself. */
function Item({
  item,
  analysis,
  isFirst = false,
}: {
  item: VerdictItem;
  analysis: Analysis;
  isFirst?: boolean;
}) {
  const { kind, cause, what, consequence, fix, finding } = item;
  const number = finding ? analysis.findings.indexOf(finding) + 1 : 0;
  const sentence = (
    <>
      <span class={`tag ${kind}`}>{WORDS[kind]}</span>
      {` ${sentenceOf(what, finding)}`}
    </>
  );
  return (
    <div class={`verdict ${kind}`}>
      {isFirst ? <h1 id="verdict-heading">{sentence}</h1> : <p class="what">{sentence}</p>}
      {consequence !== '' && <p class="consequence">{consequence}</p>}
      {fix !== null && (
        <p class="remedy">
          <strong>Fix: </strong>
          {fix}
        </p>
      )}
      {number > 0 && (
        <p class="more">
          <a href={`#${findingAnchor(number)}`}>{`${cause}: path, proof and commands`}</a>
        </p>
      )}
    </div>
  );
}

/** Begins as a sentence does, unless with the name of a node. */
function sentenceOf(what: string, finding: Finding | null): string {
  const node = finding && nodeText(finding);
  if (node !== null && what.startsWith(node)) return what;
  return what.charAt(0).toUpperCase() + what.slice(1);
}
