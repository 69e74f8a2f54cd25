import type { Analysis, PredictedWay, Prediction } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { addressNames } from '../terminal/names.js';
import { FATES, percentText, stepName } from '../terminal/predictions.js';
import { endpointText, flowText, placeText } from '../terminal/words.js';
import { Table } from './table.js';

const MOST_WAYS = 60;

/** What the nodes' settings make of connections that nobody has made yet. */
export function PredictionsSection({ analysis }: { analysis: Analysis }) {
  const { predictions = [] } = analysis;
  if (predictions.length === 0) return null;
  return (
    <section id="ways" aria-labelledby="ways-heading">
      <h2 id="ways-heading">Ways</h2>
      {predictions.map((prediction) => (
        <PredictionTable prediction={prediction} analysis={analysis} />
      ))}
    </section>
  );
}

function PredictionTable({ prediction, analysis }: { prediction: Prediction; analysis: Analysis }) {
  const { vip, protocol, port, client, anyone, announcers, ways } = prediction;
  const who = anyone ? `any client beyond the routers (as ${client})` : client;
  const name = addressNames(analysis).of(vip, port);
  const title = `${who} to ${endpointText({ address: vip, port })} (${protocol})${name === null ? '' : `, ${name}`}`;
  const assumed = [...new Set(ways.flatMap((way) => way.unknown))];
  const more = ways.length - MOST_WAYS;
  return (
    <>
      <h3>{title}</h3>
      {announcers.length > 0 && (
        <ul>
          {announcers.map(({ node, interface: by, mac, why }) => (
            <li>{`${placeText(node, by)}${mac === null ? '' : ` ${mac}`}: ${why}`}</li>
          ))}
        </ul>
      )}
      <Table
        caption={`Ways of ${title}`}
        isCaptionHidden
        heads={[
          { title: 'Comes in' },
          { title: 'From' },
          { title: 'Backend' },
          { title: 'Chance there', align: 'right' },
          { title: 'Fate' },
          { title: 'Finding' },
        ]}
        rows={ways
          .slice(0, MOST_WAYS)
          .map(({ entry, backend, chance, fate, finding }) => [
            placeText(entry.node, entry.interface),
            entry.sender ?? '–',
            backend === null ? '–' : endpointText(backend),
            percentText(chance),
            FATES[fate],
            finding ?? '–',
          ])}
      />
      {more > 0 && <p class="remark">{`… and ${numberText(more)} more.`}</p>}
      {assumed.length > 0 && (
        <>
          <h4>Assumed</h4>
          <ul>
            {assumed.map((text) => (
              <li>{text}</li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

/** One way, node by node: by which interface in, what the node does, by which out. */
export function Way({ way }: { way: PredictedWay }) {
  return (
    <ol class="way">
      {way.steps.map((step) => {
        const { node, netns, input, output, via, source, destination, did } = step;
        const at = netns === null ? node : `${node}/${netns}`;
        const inward = input === null ? 'sent here' : `in ${input}`;
        const out = output === null ? 'ends here' : `out ${output}${via === null ? '' : ` via ${via}`}`;
        return (
          <li>
            <span class={step.role}>{stepName(step)}</span>
            {` ${at}: ${inward}, ${out}, as ${flowText(source, destination)}`}
            {did.length > 0 && (
              <ul>
                {did.map((text) => (
                  <li>{text}</li>
                ))}
              </ul>
            )}
          </li>
        );
      })}
    </ol>
  );
}
