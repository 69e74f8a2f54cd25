import type { AddressOwners, Analysis, OwnerSpell } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { addressNames, namedAddress } from '../terminal/names.js';
import { counted, durationText, millisecondsBetween, placeText } from '../terminal/words.js';
import { clipped } from './svg-text.js';
import { Scrolled, Table } from './table.js';

const WIDTH = 860;
const LEFT = 20;
const RIGHT = 20;
const ROW = 46;
/** A single claim would be no width at all. */
const NARROWEST = 4;
/** Rows of the picture; a link on which more answer is told in the table. */
const MOST_OWNERS = 12;
const MOST_TICKS = 300;
const MOST_SPELLS = 40;

/** Who answered ARP or NDP for each VIP when, and how its connections went meanwhile. */
export function OwnersSection({ analysis }: { analysis: Analysis }) {
  const { owners = [] } = analysis;
  if (owners.length === 0) return null;
  const names = addressNames(analysis);
  return (
    <section id="owners" aria-labelledby="owners-heading">
      <h2 id="owners-heading">Who answers for the VIP</h2>
      {owners.map((one, i) => (
        <>
          <h3>{`${one.protocol.toUpperCase()} owners of ${namedAddress(one.address, names)}`}</h3>
          <p>{summary(one, analysis)}</p>
          <Timeline owners={one} analysis={analysis} id={`owners-${i + 1}`} />
          <details>
            <summary>As a table</summary>
            <Spells owners={one} />
          </details>
        </>
      ))}
    </section>
  );
}

function summary({ spells, address }: AddressOwners, { findings }: Analysis): string {
  const macs = new Set(spells.map((spell) => spell.mac));
  const changes = spells.length - 1;
  const isConflict = findings.some(({ cause, vip }) => cause === 'arp-conflict' && vip === address);
  if (macs.size === 1) return `One owner, ${ownerText(spells[0]!)}, as far as captured.`;
  const turns = `${counted(macs.size, 'MAC')} claimed it, with ${counted(changes, 'change')} of owner`;
  return isConflict
    ? `${turns}: a conflict, for each goes on answering after the other was heard.`
    : `${turns}: no conflict was found, so a hand-over.`;
}

function ownerText({ mac, node, interface: name }: OwnerSpell): string {
  return node === null ? `${mac} (of no node that is known)` : `${placeText(node, name)} (${mac})`;
}

interface TimelineProps {
  owners: AddressOwners;
  analysis: Analysis;
  id: string;
}

function Timeline({ owners, analysis, id }: TimelineProps) {
  const { spells } = owners;
  const macs = [...new Set(spells.map((spell) => spell.mac))].slice(0, MOST_OWNERS);
  const ticks = ticksOf(owners, analysis);
  const times = [
    ...spells.flatMap((s) => [s.firstTime, s.lastTime]),
    ...ticks.map(({ time }) => time),
  ].sort();
  const [from, to] = [times[0]!, times.at(-1)!];
  const span = millisecondsBetween(from, to) || 1;
  const x = (time: string) =>
    LEFT + ((millisecondsBetween(from, time) ?? 0) / span) * (WIDTH - LEFT - RIGHT - NARROWEST);
  const rows = macs.length + (ticks.length > 0 ? 1 : 0);
  const height = rows * ROW + 34;
  const isContested = macs.length > 1;
  return (
    <Scrolled label={`Owners of ${owners.address} over time`}>
      <svg
        class="timeline"
        viewBox={`0 0 ${WIDTH} ${height}`}
        width={WIDTH}
        height={height}
        role="img"
        aria-labelledby={`${id}-title ${id}-desc`}
      >
        <title id={`${id}-title`}>{`Owners of ${owners.address} over time`}</title>
        <desc id={`${id}-desc`}>
          {`From ${from} to ${to}, in turn: ${spells.slice(0, MOST_SPELLS).map(ownerText).join(', then ')}. The table below has the times.`}
        </desc>
        {macs.map((mac, row) => {
          const own = spells.filter((spell) => spell.mac === mac);
          const claims = own.reduce((sum, spell) => sum + spell.claims, 0);
          return (
            <g class={isContested ? `owner owner-${(row % 3) + 1}` : 'owner owner-1'}>
              <text class="name" x={LEFT} y={row * ROW + 15}>
                {clipped(`${ownerText(own[0]!)}: ${counted(claims, 'claim')}`, 100)}
              </text>
              <line x1={LEFT} y1={row * ROW + 31} x2={WIDTH - RIGHT} y2={row * ROW + 31} />
              {own.map((spell) => (
                <rect
                  x={x(spell.firstTime)}
                  y={row * ROW + 22}
                  width={Math.max(NARROWEST, x(spell.lastTime) - x(spell.firstTime))}
                  height={18}
                >
                  <title>{`${spell.firstTime} to ${spell.lastTime}: ${counted(spell.claims, 'claim')}`}</title>
                </rect>
              ))}
            </g>
          );
        })}
        {ticks.length > 0 && <Ticks ticks={ticks} x={x} y={macs.length * ROW} />}
        <text class="time" x={LEFT} y={height - 10}>
          {from}
        </text>
        <text class="time" x={WIDTH - RIGHT} y={height - 10} text-anchor="end">
          {`+ ${durationText(span * 1e6)}`}
        </text>
      </svg>
    </Scrolled>
  );
}

interface Tick {
  time: string;
  isMade: boolean;
}

/** When connections to the address began, by the first node's clock. */
function ticksOf({ address }: AddressOwners, { attempts }: Analysis): Tick[] {
  const own = attempts.filter(({ vip, server }) => vip === address || server.address === address);
  return own
    .flatMap(({ firstTime, outcome }) =>
      firstTime === null ? [] : [{ time: firstTime, isMade: outcome === 'established' }],
    )
    .sort((a, b) => (a.time < b.time ? -1 : 1))
    .slice(0, MOST_TICKS);
}

function Ticks({ ticks, x, y }: { ticks: Tick[]; x: (time: string) => number; y: number }) {
  const made = ticks.filter((tick) => tick.isMade).length;
  return (
    <g class="ticks">
      <text class="name" x={LEFT} y={y + 15}>
        {`Attempts${ticks.length === MOST_TICKS ? ' (some of them)' : ''}: ${numberText(made)} established (|), ${numberText(ticks.length - made)} not (×)`}
      </text>
      {ticks.map(({ time, isMade }) => {
        const at = x(time) + 2;
        return isMade ? (
          <path class="made" d={`M${at} ${y + 23} v16`} />
        ) : (
          <path class="failed" d={`M${at - 5} ${y + 26} l10 10 m0 -10 l-10 10`} />
        );
      })}
    </g>
  );
}

function Spells({ owners: { spells, leftOut = 0, address } }: { owners: AddressOwners }) {
  const shown = spells.slice(0, MOST_SPELLS);
  const more = spells.length - shown.length + leftOut;
  return (
    <>
      <Table
        caption={`Owners of ${address} in turn, by the first node's clock`}
        heads={[
          { title: 'From' },
          { title: 'To' },
          { title: 'Owner' },
          { title: 'MAC' },
          { title: 'Claims', align: 'right' },
        ]}
        rows={shown.map((spell) => [
          spell.firstTime,
          spell.lastTime,
          spell.node === null ? 'not known' : placeText(spell.node, spell.interface),
          <code>{spell.mac}</code>,
          numberText(spell.claims),
        ])}
      />
      {more > 0 && <p class="remark">{`… and ${numberText(more)} more.`}</p>}
    </>
  );
}
