import type { Explanation, ExplanationStep } from '../../model/explanation.js';
import { ipvsServicesOf } from '../ipvs.js';
import type { KernelModel } from '../model.js';
import { arpAnnouncement } from '../neighbour/arp-announcement.js';
import { neighbourSolicitationSource } from '../neighbour/neighbour-solicitation.js';
import type { RouteQuestion } from '../question.js';
import { type KernelState, prepare } from '../state.js';
import { translationsOf } from '../translations.js';
import type { Verdict } from '../verdict.js';
import { routeLine, ruleLine } from './listing-text.js';
import { lookupSteps } from './lookup.js';
import { command, hopText, PASSES, packetText, sentence } from './words.js';

/**
 * What led to a verdict, step by step, for a person.
 *
 * @param verdict the model's answer to the question
 */
export function explainRoute(model: KernelModel, question: RouteQuestion, verdict: Verdict): Explanation {
  const { snapshot } = model;
  const state = prepare(snapshot);
  const steps = [
    translationStep(model, question),
    ipvsStep(model, question),
    martianStep(question, verdict),
    ...lookupSteps(state, question, verdict),
    hopStep(state, question, verdict),
    sourceStep(question, verdict),
    replyStep(model, question, verdict),
  ];
  const { node, netns } = snapshot;
  return {
    node: netns === null ? node : `${node} (network namespace ${netns})`,
    packet: packetText(question, verdict),
    passes: PASSES.has(verdict.verdict),
    verdict: verdict.verdict,
    sentence: sentence(question, verdict),
    steps: steps.filter((step) => step !== null),
    assumed: verdict.unknown,
    command: command({ ...question, oif: boundTo(model, question) }),
  };
}

/** What the question's source stands for here, and `ip route get` has to be told. */
function boundTo(model: KernelModel, { from, iif, oif }: RouteQuestion): string | null {
  return oif ?? (from === null || iif !== null ? null : model.vrfOfAddress(from));
}

function translationStep({ snapshot }: KernelModel, { to, iif }: RouteQuestion): ExplanationStep | null {
  // IPVS takes only what was routed to the node itself.
  const targets = [...translationsOf({ ...snapshot, ipvs: null }, to)];
  if (targets.length === 0) return null;
  const hook = iif === null ? 'OUTPUT' : 'PREROUTING';
  return {
    title: 'Address translation comes first',
    lines: [
      `This node's own rules translate ${to}, in ${hook} and so before this routing decision: a packet that they take is routed to ${targets.join(' or ')}. Ask for that address instead; the answer here is for a packet that no rule takes.`,
    ],
  };
}

function ipvsStep({ snapshot }: KernelModel, { to }: RouteQuestion): ExplanationStep | null {
  const services = ipvsServicesOf(snapshot, to);
  if (services.length === 0) return null;
  const lines = services.map(({ protocol, port, scheduler, servers }) => {
    const who =
      servers.length === 0 ? 'no server' : servers.map((s) => `${s.address} (${s.forward})`).join(', ');
    return `IPVS takes what is delivered here for ${protocol} port ${port}, and chooses among ${who} by ${scheduler}.`;
  });
  return { title: 'IPVS', lines };
}

function martianStep({ from, to, iif }: RouteQuestion, verdict: Verdict): ExplanationStep | null {
  if (iif === null) return null;
  const title = 'Addresses';
  if (verdict.lookup === null && !PASSES.has(verdict.verdict)) return { title, lines: [verdict.why] };
  return {
    title,
    lines: [`${from ?? 'no source'} and ${to} are addresses that a packet on ${iif} may have.`],
  };
}

function hopStep(
  state: KernelState,
  question: RouteQuestion,
  { hops, verdict, preferredSource }: Verdict,
): ExplanationStep | null {
  if (hops.length === 0) return null;
  const { neighbours } = state.snapshot;
  const packetSource = question.from ?? preferredSource;
  const lines = hops.map(({ dev, via }) => {
    const target = via ?? question.to;
    const where = via === null ? `${dev}: the destination is on the link itself` : `${via} on ${dev}`;
    if (neighbours === null) return `${where}: its state is not known (ip-neigh.json is missing)`;
    const entry = neighbours.find((n) => n.address === target && n.interface === dev);
    if (!entry)
      return `${where}: not in the neighbour table; ${requestText(state, dev, target, packetSource)}`;
    const states = entry.states.join(' ') || 'no state';
    return `${where}: ${states}${entry.mac === null ? ', no MAC address known' : ` at ${entry.mac}`}`;
  });
  if (hops.length > 1)
    lines.push(
      `one of these, by a hash over the flow, carries the ${verdict === 'output' ? 'connection' : 'packet'}`,
    );
  return { title: hops.length === 1 ? 'Next hop' : 'Next hops', lines };
}

/** The request for a neighbour tells its sender to all of the link, who may learn it. */
function requestText(
  state: KernelState,
  device: string,
  target: string,
  packetSource: string | null,
): string {
  const ask = target.includes(':') ? neighbourSolicitationSource : arpAnnouncement;
  const { sender, why } = ask(state, { interface: device, target, packetSource });
  return sender === null
    ? `the kernel does not ask for it (${why})`
    : `the kernel asks for it as ${sender} (${why})`;
}

function sourceStep({ from, iif }: RouteQuestion, { sourceCheck: check }: Verdict): ExplanationStep | null {
  if (!check) return null;
  const { rpFilter, rpFilterAll, rpFilterInterface, wayBack, wayBackInterface, wayBackMark, result } = check;
  const mode = ['off', 'strict', 'loose'][rpFilter] ?? String(rpFilter);
  const lines = [
    `rp_filter on ${iif} is ${rpFilter} (${mode}), the larger of all=${rpFilterAll} and ${iif}=${rpFilterInterface}`,
  ];
  if (check.shortCut) {
    lines.push(`the way back to ${from} is not looked up, only whether it is an address of the node`);
  } else if (wayBack) {
    const mark = wayBackMark === 0 ? '' : ` and mark 0x${wayBackMark.toString(16)}`;
    const found = wayBack.route ? routeLine(wayBack.route) : 'no route';
    const rule = wayBack.rule ? `, by rule ${ruleLine(wayBack.rule)}` : '';
    lines.push(`the way back to ${from} (as of a packet from ${wayBackInterface}${mark}): ${found}${rule}`);
  }
  lines.push(result === 'accepted' ? 'the source is accepted' : `the packet is dropped (${result})`);
  return { title: 'Source address', lines };
}

/** Where the answer to the packet would go. */
function replyStep(
  model: KernelModel,
  question: RouteQuestion,
  { verdict, dev }: Verdict,
): ExplanationStep | null {
  const { from, to, iif, mark } = question;
  if (iif === null || from === null || (verdict !== 'local' && verdict !== 'forward')) return null;
  const reply =
    verdict === 'local'
      ? model.output({ source: to, destination: from, mark })
      : model.input({ source: to, destination: from, interface: dev!, mark });
  const ways = reply.hops.map(hopText).join(', or ');
  const same = reply.hops.length > 0 && reply.hops.every((hop) => hop.dev === iif);
  const by = ways === '' ? reply.verdict : `${reply.verdict} by ${ways}`;
  const note = ways === '' || same ? '' : `; not the way that the packet came in (${iif})`;
  return { title: `A reply to it (${to} > ${from})`, lines: [`${by}${note}`, reply.why] };
}
