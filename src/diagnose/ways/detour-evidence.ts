import type { Attempt } from '../../correlate/attempt.js';
import { hopsText } from '../../kernel/explain.js';
import { ruleLine, selectorTexts } from '../../kernel/explanation/listing-text.js';
import { command } from '../../kernel/explanation/words.js';
import type { Evidence, Gap } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { orNeighbours } from '../recording.js';
import type { Way } from './crossing.js';
import type { Detour } from './detour.js';
import { nearMisses } from './near-miss.js';
import { neighbourText } from './neighbour.js';
import type { SettingsWay } from './settings-way.js';

/** From whom the request came into the node: `192.168.1.1 (02:…)`; null where nothing tells. */
export function senderText({ node, in: into }: Detour, context: DiagnosisContext): string | null {
  const outer = into.sighting.encapsulations.at(-1)?.source ?? null;
  return neighbourText(node, into.interface, { mac: into.mac, address: outer }, context);
}

/** To whom the reply left the node; null where nothing tells. */
export function receiverText({ node, out, settings }: Detour, context: DiagnosisContext): string | null {
  const hop = settings?.hop.dev === out.interface ? settings.hop : null;
  const outer = out.sighting.encapsulations.at(-1)?.destination ?? null;
  const address = outer ?? (hop && (hop.via ?? out.sighting.destination.address));
  return neighbourText(node, out.interface, { mac: out.mac, address }, context);
}

/** Whether the reply itself tells to whom it left, and not the node's routes and neighbours alone. */
function isReceiverSeen({ out }: Detour): boolean {
  return out.mac !== null || out.sighting.encapsulations.length > 0;
}

/** `by eth1 from 10.9.8.1`. */
export function wayText(way: Way, preposition: 'from' | 'to', who: string | null): string {
  const by = way.interface === null ? '' : `by ${way.interface} `;
  return `${by}${who === null ? '' : `${preposition} ${who}`}`.trim();
}

/** The packets on both ways, and what chose the reply's. */
export function detourEvidence(
  all: readonly { attempt: Attempt; detour: Detour }[],
  context: DiagnosisContext,
): Evidence[] {
  const found = all.slice(0, QUOTED).flatMap(({ detour }) => {
    const [from, to] = [senderText(detour, context), receiverText(detour, context)];
    return [
      packetEvidence(detour.in.sighting, from === null ? '' : `, from ${from}`),
      packetEvidence(
        detour.out.sighting,
        to === null ? '' : `, ${isReceiverSeen(detour) ? '' : 'by its routes '}to ${to}`,
      ),
    ];
  });
  const { node, in: into, settings } = all[0]!.detour;
  if (all.length > QUOTED) {
    found.push(evidence('capture', `${numberText(all.length)} attempts went so`, { node: node.name }));
  }
  if (settings) found.push(...settingsEvidence(settings, node, into.interface));
  return found;
}

/** The node's own route decision on the reply, and the rules that would have decided otherwise. */
export function settingsEvidence(
  settings: SettingsWay,
  node: NodeView,
  requestDevice: string | null,
): Evidence[] {
  const { verdict, hops } = settings;
  const at = { node: node.name };
  const found: Evidence[] = [];
  const way = hopsText(hops);
  const question = routeQuestion(settings);
  found.push(evidence('route', `${question} gives ${way}${verdict === null ? '' : ` (${verdict.why})`}`, at));
  const rule = verdict?.lookup?.rule;
  if (rule && selectorTexts(rule).length > 0) found.push(evidence('rule', `${ruleLine(rule)} chose it`, at));
  if (requestDevice !== null) {
    for (const miss of nearMisses(node, settings, requestDevice)) {
      const text = `${ruleLine(miss.rule)} would send it back by ${requestDevice}, but ${miss.why}`;
      found.push(evidence('rule', text, at));
    }
  }
  return found;
}

/** The question that a person would put to the node itself. */
function routeQuestion({ leg, request }: SettingsWay): string {
  const { packet } = leg.passage;
  const isOwn = leg.interface === null;
  const from = isOwn ? packet.source.text : request.packet.destination.text;
  const mark = packet.mark === 0 ? undefined : packet.mark;
  const question = { to: packet.destination.text, from, iif: leg.interface, oif: null, mark };
  return command(question) ?? `the route to ${question.to} from ${from}`;
}

/** What would show who drops the reply: the next hop of the way that it takes. */
export function beyondGap(detour: Detour, attempt: Attempt, what: string, context: DiagnosisContext): Gap {
  const { node, out } = detour;
  const to = receiverText(detour, context);
  const next = out.mac === null ? null : context.ownerOfMac(out.mac);
  const where = to === null ? 'the next hop' : to;
  const { client } = attempt;
  return {
    node: next && next !== node ? next.name : null,
    interface: null,
    why: `${what} left ${node.name} for ${where}; a capture there, on both sides of it, would show whether and by what it is dropped`,
    capture: `tcpdump -i any -y LINUX_SLL2 -e -n -s 128 -w any.pcap 'host ${client.address} or icmp or icmp6'`,
  };
}

/** For a way out that rests on a capture without destination MACs, or on no snapshot. */
export function waySourceGaps(detour: Detour, attempt: Attempt): Gap[] {
  const { node, out, settings } = detour;
  const gaps: Gap[] = [];
  const name = out.interface;
  if (!isReceiverSeen(detour) && name !== null) {
    gaps.push({
      node: node.name,
      interface: name,
      why: `a cooked capture does not show to which MAC ${node.name} sent the reply; one of ${name} alone does`,
      capture: `tcpdump -i '${name}' -e -n -s 128 -w '${name}.pcap' 'host ${attempt.client.address} ${orNeighbours(attempt.client.address)}'`,
    });
  }
  if (settings === null) {
    const { source, destination } = out.sighting;
    const family = destination.address.includes(':') ? '-6 ' : '';
    gaps.push({
      node: node.name,
      interface: name,
      why: `without the routes and rules of ${node.name} it is not known what chose the reply's way`,
      capture: `ip ${family}route get ${destination.address} from ${source.address}; ip ${family}rule; ip ${family}route show table all`,
    });
  }
  return gaps;
}
