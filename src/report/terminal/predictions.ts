import type { Analysis, PredictedStep, PredictedWay, Prediction } from '../../model/analysis.js';
import type { Fate } from '../../model/fate.js';
import { stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import type { Style } from '../style.js';
import { heading } from './heading.js';
import { type AddressNames, addressNames } from './names.js';
import { type Cell, type Column, table } from './table.js';
import { endpointText, flowText, placeText } from './words.js';
import { labelled, wrap } from './wrap.js';

/** Rows of one prediction's table. */
const MOST_WAYS = 20;

/** How a way ends, for a person. */
export const FATES: Record<Fate, string> = {
  answered: 'answered',
  'answered-elsewhere': 'answered by another way',
  'lost-request': 'request lost',
  'lost-reply': 'reply lost',
  'lost-client-ack': "client's ACK lost",
  'lost-server-ack': "server's ACK lost",
  untranslated: 'reply not translated back',
  undelivered: 'not delivered',
  unknown: 'cannot be told',
};

/** Each client's connections: who answers for the VIP, every way that they may go, and how it ends. */
export function predictionsSection(analysis: Analysis, style: Style): string[] {
  const names = addressNames(analysis);
  return (analysis.predictions ?? []).flatMap((prediction) => predictionLines(prediction, names, style));
}

function predictionLines(prediction: Prediction, names: AddressNames, style: Style): string[] {
  const { vip, protocol, port, client, anyone, announcers, ways } = prediction;
  const who = anyone ? `any client beyond the routers (as ${client})` : client;
  const name = names.of(vip, port);
  const service = name === null ? '' : `, ${name}`;
  const title = `Ways of ${who} to ${endpointText({ address: vip, port })} (${protocol})${service}`;
  const lines = heading(title, style);
  const answering = vip.includes(':') ? 'NDP' : 'ARP';
  for (const { node, interface: name, mac, why } of announcers) {
    const who = `${placeText(node, name)}${mac === null ? '' : ` ${mac}`}: ${why}`;
    lines.push(...labelled(answering, who, style.measure, 6, style.bold));
  }
  if (announcers.length > 0) lines.push('');
  lines.push(
    ...table(
      COLUMNS,
      ways.slice(0, MOST_WAYS).map((way) => row(way, style)),
      style,
    ),
  );
  if (ways.length > MOST_WAYS) {
    lines.push(
      ...wrap(
        `${style.ellipsis} and ${numberText(ways.length - MOST_WAYS)} more (--format json lists them)`,
        style.measure,
      ),
    );
  }
  const first = ways.find((way) => way.finding === null) ?? null;
  if (first && first.fate !== 'unknown') lines.push('', ...wayLines('One that is answered', first, style));
  const assumed = [...new Set(ways.flatMap((way) => way.unknown))];
  if (assumed.length > 0) lines.push('');
  for (const text of assumed) lines.push(...labelled('Assumed', text, style.measure, 8, style.bold));
  return lines;
}

const COLUMNS: Column[] = [
  { title: 'comes in' },
  { title: 'from' },
  { title: 'backend' },
  { title: 'chance there', align: 'right' },
  { title: 'fate' },
  { title: 'finding' },
];

function row({ entry, backend, chance, fate, finding }: PredictedWay, style: Style): Cell[] {
  const paint = fate === 'answered' ? style.green : fate === 'unknown' ? style.yellow : style.red;
  return [
    placeText(entry.node, entry.interface),
    entry.sender ?? '-',
    backend === null ? '-' : endpointText(backend),
    percentText(chance),
    { text: FATES[fate], paint: fate === 'answered-elsewhere' ? style.yellow : paint },
    finding ?? '-',
  ];
}

export function percentText(chance: number): string {
  const percent = chance * 100;
  return `${Number.isInteger(percent) ? percent : percent.toFixed(1)}%`;
}

/** What a step is a packet of. */
export function stepName({ role }: PredictedStep): string {
  return role === 'request' || role === 'reply' ? role : 'ACK';
}

/** One way, node by node: by which interface in, what the node does, by which out. */
export function wayLines(title: string, way: PredictedWay, style: Style): string[] {
  const lines = labelled('', `${title}:`, style.measure, 0).map(style.bold);
  let role: PredictedStep['role'] | null = null;
  for (const step of way.steps) {
    const name = step.role === role ? '' : stepName(step);
    role = step.role;
    const out =
      step.output === null ? 'ends here' : `out ${step.output}${step.via === null ? '' : ` via ${step.via}`}`;
    const inward = step.input === null ? 'sent here' : `in ${step.input}`;
    const text = `${stationLabel(step.node, step.netns)}: ${inward}, ${out}, as ${flowText(step.source, step.destination)}`;
    lines.push(...labelled(`  ${name}`, text, style.measure, 11));
    for (const did of step.did) lines.push(...labelled('', `- ${did}`, style.measure, 13).map(style.dim));
  }
  return lines;
}
