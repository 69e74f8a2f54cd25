import type { Evidence, Finding } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { byKind, KIND_NAMES } from '../terminal/proof.js';
import { hexDump } from './octets.js';
import { Commands } from './table.js';

/** Of one kind: a flood repeats itself. */
const MOST_OF_A_KIND = 24;

/** What the finding rests on, by kind, each with the place where it can be looked up, packets with their headers. */
export function EvidenceList({ finding }: { finding: Finding }) {
  const { evidence, alternatives } = finding;
  return (
    <>
      {evidence.length > 0 && <h3>Proof</h3>}
      {evidence.length > 0 && (
        <dl class="proof">
          {[...byKind(evidence)].map(([kind, items]) => (
            <div>
              <dt>{KIND_NAMES[kind] ?? kind}</dt>
              {statements(items.slice(0, MOST_OF_A_KIND)).map((same) => (
                <dd>
                  <Statement items={same} />
                </dd>
              ))}
              {items.length > MOST_OF_A_KIND && (
                <dd class="remark">{`… and ${numberText(items.length - MOST_OF_A_KIND)} more`}</dd>
              )}
            </div>
          ))}
        </dl>
      )}
      {alternatives.length > 0 && <h3>Ruled out</h3>}
      {alternatives.length > 0 && (
        <dl class="ruled-out">
          {alternatives.map(({ cause, why }) => (
            <div>
              <dt>{cause}</dt>
              <dd>{why}</dd>
            </div>
          ))}
        </dl>
      )}
    </>
  );
}

/** What is said of several packets or lines of one file in the same words is said once. */
function statements(items: readonly Evidence[]): Evidence[][] {
  const groups = new Map<string, Evidence[]>();
  for (const item of items) {
    const key = JSON.stringify([item.node, item.text, item.file]);
    groups.set(key, [...(groups.get(key) ?? []), item]);
  }
  return [...groups.values()];
}

function Statement({ items }: { items: readonly Evidence[] }) {
  const { node, text, file } = items[0]!;
  const isLog = items[0]!.kind === 'martian' || items[0]!.kind === 'log';
  const places = items.flatMap(({ line, packet }) =>
    line !== null ? [`line ${line}`] : packet !== null ? [`packet ${packet}`] : [],
  );
  return (
    <>
      {node !== null && <strong>{`${node}: `}</strong>}
      {isLog ? <code>{text}</code> : text}
      {file !== null && (
        <span class="place">{` ${[file, places.join(', ')].filter(Boolean).join(' ')}`}</span>
      )}
      {items.map((item) => (
        <PacketBytes item={item} />
      ))}
    </>
  );
}

function PacketBytes({ item: { octets, decoded, packet, file } }: { item: Evidence }) {
  if (octets === undefined || packet === null) return null;
  return (
    <details>
      <summary>{`Packet ${packet}, decoded`}</summary>
      {decoded && (
        <ol class="headers">
          {decoded.map((line) => (
            <li>{line}</li>
          ))}
        </ol>
      )}
      <Commands label={`First octets of packet ${packet} of ${file ?? 'the capture'}`}>
        {hexDump(octets)}
      </Commands>
    </details>
  );
}
