/** The gateway that carried a request, and what its own rules make of the client's ACK. */
import type { Attempt } from '../../correlate/attempt.js';
import type { FilterDrop, Passage, PassageDrop } from '../../kernel/netfilter/passage.js';
import type { Sighting } from '../../model/sighting.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { packetQuestion } from '../packet-question.js';
import { wayInto } from './crossing.js';

/** What a node makes of a client's ACK: null where its rules are not known or leave it open. */
export type AckFate = PassageDrop | 'passes' | null;

export interface Gateway {
  view: NodeView;
  /** Where it saw the request come in; null where that was not captured. */
  request: Sighting | null;
  /** That the request comes in by; null where it cannot be told. */
  device: string | null;
}

/**
 * A node as the one that carried the request of an attempt.
 *
 * @param request as it was before this node, where it was not captured here
 */
export function gatewayOf(attempt: Attempt, view: NodeView): Gateway {
  const sightings = attempt.traces.find((trace) => trace.role === 'request')?.sightings ?? [];
  const into = wayInto(sightings, view);
  const towards = view.model?.output({ source: null, destination: attempt.client.address });
  return {
    view,
    request: into?.sighting ?? null,
    device: into?.interface ?? (towards?.verdict === 'output' ? towards.dev : null),
  };
}

/**
 * What a gateway that passed the SYN on does with the client's ACK. To conntrack that saw no SYN-ACK it is invalid
 * (tcp_conntracks[] of net/netfilter/nf_conntrack_proto_tcp.c), and a rule may drop what is; and a mark that the SYN
 * alone was given may have been what it was routed by.
 *
 * @param seen the request where the gateway did not capture it
 * @param tracked the connection as the gateway has it: whether the SYN-ACK came by it
 */
export function fateOfAck(
  attempt: Attempt,
  gateway: Gateway,
  seen: Sighting,
  tracked: 'answered' | 'unanswered',
  context: DiagnosisContext,
): AckFate {
  const fates = passagesOf(attempt, gateway, seen, tracked, context).flatMap(({ acks }) => acks);
  if (fates.length === 0 || fates.some((fate) => fate.unknown.length > 0)) return null;
  const drops = fates.flatMap(({ drop }) => drop ?? []);
  if (drops.length === 0) return 'passes';
  return drops.length === fates.length ? drops[0]! : null;
}

/** What a gateway gives a SYN, and the ACK of an answered one. */
export interface Marks {
  syn: number;
  ack: number;
}

/** @returns null where they are the same */
export function marksOf(
  attempt: Attempt,
  gateway: Gateway,
  seen: Sighting,
  context: DiagnosisContext,
): Marks | null {
  const [first] = passagesOf(attempt, gateway, seen, 'answered', context);
  const [syn, ack] = [first?.syn.packet.mark, first?.acks[0]?.packet.mark];
  return syn === undefined || ack === undefined || syn === ack ? null : { syn, ack };
}

/** The ways on which it lets the SYN pass, and of each those of the ACK. */
function passagesOf(
  attempt: Attempt,
  { view, request, device }: Gateway,
  seen: Sighting,
  tracked: 'answered' | 'unanswered',
  context: DiagnosisContext,
): { syn: Passage; acks: Passage[] }[] {
  const station = context.network.station(view.name, view.netns);
  if (!station || device === null || !hasRules(station.snapshot)) return [];
  const question = packetQuestion(attempt, request ?? seen, 'request');
  const passed = station.path.receive(question, device).filter((passage) => !passage.drop);
  return passed.map((syn) => {
    const { connection } = syn;
    const state = tracked === 'answered' ? 'established' : connection?.state;
    const known = connection && state ? [{ ...connection, state }] : [];
    return { syn, acks: station.path.receive({ ...question, tcp: 'ack' }, device, known) };
  });
}

/** Whether any of its rules are known. */
export function hasRules({ iptables, ip6tables, nft }: Snapshot): boolean {
  return iptables !== null || ip6tables !== null || nft !== null;
}

export function isDropped(fate: AckFate): fate is PassageDrop {
  return fate !== null && fate !== 'passes';
}

/** Whether it is a rule that drops it. */
export function isFiltered(fate: AckFate): fate is FilterDrop {
  return isDropped(fate) && fate.by === 'netfilter';
}
