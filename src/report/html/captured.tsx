import type { Analysis } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { aheadText } from '../terminal/clocks.js';
import { flaws, spanText } from '../terminal/inputs.js';
import { counted, durationText, placeText, shortTimeText } from '../terminal/words.js';
import { Commands, Table } from './table.js';

/** A ring buffer of captures is many files; those with something wrong come first. */
const MOST_INPUTS = 100;
const MOST_GAPS = 60;

/** What was read, with what is wrong with it, and how far the nodes' clocks are apart. */
export function CapturedSection({ analysis, where }: { analysis: Analysis; where: string }) {
  const { inputs } = analysis;
  const flawed = inputs.filter((input) => flaws(input).length > 0);
  const ordered = [...flawed, ...inputs.filter((input) => !flawed.includes(input))];
  const shown = inputs.length > MOST_INPUTS ? ordered.slice(0, MOST_INPUTS) : inputs;
  const more = inputs.length - shown.length;
  return (
    <section id="captured" aria-labelledby="captured-heading">
      <h2 id="captured-heading">Inputs: what was captured</h2>
      {inputs.length === 0 && <p>No capture was among the inputs.</p>}
      {where !== '' && <p>{where}</p>}
      {inputs.length > 0 && (
        <Table
          caption="Captures"
          isCaptionHidden
          heads={[
            { title: 'File' },
            { title: 'Node' },
            { title: 'Link type' },
            { title: 'Packets', align: 'right' },
            { title: 'From (UTC)' },
            { title: 'Span', align: 'right' },
            { title: 'Lost', align: 'right' },
            { title: 'Remarks' },
          ]}
          rows={shown.map((input) => [
            input.file,
            input.node,
            input.linkType,
            numberText(input.packets),
            shortTimeText(input.firstTime),
            spanText(input),
            input.dropped === null ? 'not told' : numberText(input.dropped),
            flaws(input).join('; '),
          ])}
        />
      )}
      {more > 0 && <p class="remark">{`… and ${counted(more, 'file')} more.`}</p>}
      <Clocks analysis={analysis} />
    </section>
  );
}

function Clocks({ analysis: { clocks } }: { analysis: Analysis }) {
  if (clocks.length < 2) return null;
  return (
    <>
      <h3>Clocks</h3>
      <Table
        caption="How far each node's clock is ahead of the first one's"
        heads={[
          { title: 'Node' },
          { title: 'Ahead', align: 'right' },
          { title: 'Give or take', align: 'right' },
          { title: 'Drift', align: 'right' },
          { title: 'Packets matched', align: 'right' },
        ]}
        rows={clocks.map((clock) => [
          clock.node,
          aheadText(clock),
          clock.uncertaintyNs === null ? 'not known' : durationText(clock.uncertaintyNs),
          clock.wasSet
            ? 'was set'
            : clock.driftPpm === null
              ? 'not known'
              : `${clock.driftPpm.toFixed(1)} ppm`,
          numberText(clock.matched),
        ])}
      />
    </>
  );
}

/** What could not be concluded for want of a record, and how to make it. */
export function GapsSection({ analysis: { gaps } }: { analysis: Analysis }) {
  const more = gaps.length - MOST_GAPS;
  return (
    <section id="gaps" aria-labelledby="gaps-heading">
      <h2 id="gaps-heading">Capture next: what was not captured</h2>
      {gaps.length === 0 && <p>Nothing that this report would have needed.</p>}
      {gaps.length > 0 && (
        <ol>
          {gaps.slice(0, MOST_GAPS).map(({ node, interface: name, why, capture }) => (
            <li>
              {(node !== null || name !== null) && <strong>{`${placeText(node, name)}: `}</strong>}
              {why}
              {capture !== null && <Commands label="Command that records it">{capture}</Commands>}
            </li>
          ))}
        </ol>
      )}
      {more > 0 && <p class="remark">{`… and ${numberText(more)} more.`}</p>}
    </section>
  );
}
