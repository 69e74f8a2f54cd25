import type { Attempt } from '../../correlate/attempt.js';
import { causalOrder } from '../../correlate/causal-order.js';
import { isPortUnreachable } from '../../correlate/icmp-errors.js';
import type { Endpoint } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import { cause, type Suspicion } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { coursesOf, isGainsaid } from '../drops/courses.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { packetQuestion } from '../packet-question.js';
import { inputInterface } from '../place.js';
import { listedEndpoints } from '../words.js';
import { refusedLike } from './refused-like.js';

interface RefusedProof {
  /** The attempt that was answered: another, where no answer to the attempt's own request was seen. */
  answered: Attempt;
  backend: Endpoint;
  sender: Sender;
}

/**
 * The backend's host answered the SYN with a RST, or the datagram with a port unreachable (RFC 1122 section 4.1.3.1):
 * nothing listens on the port. The packets tell it alone where the answer was seen as it came from the backend; farther
 * on, a firewall's reject looks the same.
 */
export const refused = cause<RefusedProof>({
  id: 'refused',
  symptoms: ['refused', 'no-reply'],

  examine(attempt, context) {
    if (attempt.outcome === 'no-reply') return unsaidOf(attempt, context);
    const answer = answerOf(attempt, context);
    if (!answer) return null;
    // An ICMP error's ends are those of the packet that it is about.
    const backend = answer.icmp === null ? answer.source : answer.destination;
    // From another host than the backend it is no word of the backend's.
    if (answer.icmp !== null && answer.icmp.from !== backend.address) return null;
    if (isSentBefore(attempt, answer, context)) return null;
    const sender = senderOf(attempt, answer, backend.address, context);
    return {
      attempt,
      confidence: sender.certain ? 'confirmed' : 'possible',
      node: sender.node,
      interface: null,
      aspect: answer.kind,
      ...(attempt.vip !== null && { service: endpointLabel(backend) }),
      proof: { answered: attempt, backend, sender },
    };
  },

  conclude(suspicions, context) {
    const answered = suspicions.filter((s) => s.proof.answered === s.attempt);
    const { answered: first, sender } = (answered[0] ?? suspicions[0]!).proof;
    const answer = answerOf(first, context)!;
    const backend = listedEndpoints(suspicions.map((s) => s.proof.backend));
    const services = new Set(suspicions.map((s) => endpointLabel(s.proof.backend))).size;
    const { node } = answer.point;
    const confirmed = sender.certain;
    const words = answer.icmp === null ? TCP_WORDS : UDP_WORDS;
    const shown = answered.slice(0, QUOTED).map((s) => packetEvidence(answerOf(s.attempt, context)!));
    if (answered.length > QUOTED) {
      shown.push(evidence('packet', `${numberText(answered.length)} attempts were answered so`, { node }));
    }
    const unsaid = suspicions.length - answered.length;
    if (unsaid > 0) {
      const text = `${unsaid} more to the same ${unsaid === 1 ? 'was' : 'were'} not answered at all, as a host sends such errors at a limited rate`;
      shown.push(evidence('packet', text, { node }));
    }
    return {
      finding: {
        cause: 'refused',
        confidence: confirmed ? 'confirmed' : 'possible',
        severity: 'fault',
        vip: suspicions[0]!.attempt.vip,
        node: sender.node,
        interface: null,
        claimants: [],
        attempts: suspicions.map((s) => s.attempt.id),
        summary: confirmed
          ? `${backend} on ${node} ${services > 1 ? 'refuse' : 'refuses'} ${words.requests}: each ${words.request} is answered with ${words.answer}, as a host does on whose port nothing listens.${serves(suspicions, context) ? SERVES : ''}`
          : `${words.answer} answers the ${words.request}s to ${backend}; it was first seen on ${node}, and ${sender.doubt}.`.replace(
              /^./,
              (first) => first.toUpperCase(),
            ),
        evidence: shown,
        fix: null,
        alternatives: confirmed
          ? [
              {
                cause: 'filtered',
                why: `the ${words.name} came from the backend itself, before any hop had passed it on`,
              },
            ]
          : [],
      },
      gaps: confirmed
        ? []
        : [
            {
              node: null,
              interface: null,
              why: `a firewall that rejects with ${words.answer} looks like a closed port from ${node}; the backend's own node tells them apart`,
              capture: `tcpdump -i any -n -w backend.pcap 'host ${answer.icmp?.from ?? answer.source.address} and (${words.filter(suspicions[0]!.proof.backend)})'`,
            },
          ],
    };
  },
});

const SERVES =
  ' Others to it were made meanwhile: what listens there was gone for a time, or rules of its own reject some.';

/** Whether connections to one of the very backends were made as well. */
function serves(suspicions: readonly Suspicion<RefusedProof>[], { attempts }: DiagnosisContext): boolean {
  const backends = new Set(suspicions.map((s) => endpointLabel(s.proof.backend)));
  return attempts.some(
    ({ outcome, legs }) =>
      outcome === 'established' && legs.some(({ server }) => backends.has(endpointLabel(server))),
  );
}

/** Of an attempt that had no answer, for its host had just given the same to another. */
function unsaidOf(attempt: Attempt, context: DiagnosisContext): Suspicion<RefusedProof> | null {
  const like = refusedLike(attempt, context);
  const answered = like && (refused.examine(like, context) as Suspicion<RefusedProof> | null);
  return answered && { ...answered, attempt };
}

/** The RST or the ICMP error, where it was seen first; null where none was. */
function answerOf({ others }: Attempt, { aligned }: DiagnosisContext): Sighting | null {
  // As a rule there is one.
  if (others.length === 1) return isRefusal(others[0]!) ? others[0]! : null;
  return causalOrder(others.filter(isRefusal), aligned)[0] ?? null;
}

const TCP_WORDS = {
  requests: 'connections',
  request: 'SYN',
  answer: 'a RST',
  name: 'RST',
  filter: ({ port }: Endpoint) => `tcp port ${port}`,
};

const UDP_WORDS = {
  requests: 'datagrams',
  request: 'datagram',
  answer: 'an ICMP port unreachable',
  name: 'ICMP error',
  filter: ({ port }: Endpoint) => `udp port ${port} or icmp or icmp6`,
};

function isRefusal(sighting: Sighting): boolean {
  if (sighting.kind === 'rst') return !sighting.fromClient;
  return sighting.fromClient && isPortUnreachable(sighting);
}

/** Whether the answer began at a node that the request did not get beyond, which by its settings passes it on. */
function isSentBefore(attempt: Attempt, { point }: Sighting, context: DiagnosisContext): boolean {
  const ways = coursesOf(attempt, context)?.requests ?? [];
  return ways.some((way) => isGainsaid(way) && isSameStation(way.missedAt!.station, point));
}

interface Sender {
  /** The backend's node; null where it is not known. */
  node: string | null;
  /** The backend itself sent the answer, and nothing on the way can have. */
  certain: boolean;
  /** What speaks against it having done so; empty where it is certain. */
  doubt: string;
}

/** Who sent the answer, by the place where it was seen first. */
function senderOf(attempt: Attempt, answer: Sighting, address: string, context: DiagnosisContext): Sender {
  const here = context.node(answer.point.node, answer.point.netns);
  const owner = context.ownerOfAddress(address)?.name ?? null;
  if (!here?.model || answer.encapsulations.length > 0) {
    return { node: owner, certain: false, doubt: 'what sent it there is not known' };
  }
  const isOwn = here.model.hasAddress(address) && accepts(attempt, here, context);
  if (!isOwn && context.translations(address).size > 0) {
    return {
      node: null,
      certain: false,
      doubt: `${address} is translated to a backend that may have sent it`,
    };
  }
  if (here.model.hasAddress(address)) {
    const doubt = isOwn ? '' : 'a firewall rule of the node may have sent it in the place of the backend';
    return { node: here.name, certain: isOwn, doubt };
  }
  if (isFromPod(answer, address, here)) return { node: here.name, certain: true, doubt: '' };
  if (owner === null && isBackendOnLink(answer, address, here, context)) {
    return {
      node: here.name,
      certain: false,
      doubt: `${address} may be a namespace of it or a host on its link`,
    };
  }
  return { node: owner, certain: false, doubt: `the host ${address} itself was not captured` };
}

/** Whether the node's own rules, all of which are known, let the request through to a process. */
function accepts(attempt: Attempt, { name, netns, snapshot }: NodeView, context: DiagnosisContext): boolean {
  if (snapshot === null || (snapshot.iptables === null && snapshot.nft === null)) return false;
  const asked = attempt.traces
    .filter((trace) => trace.role === 'request')
    .flatMap((trace) => trace.sightings)
    .filter((s) => s.point.node === name && s.point.netns === netns && s.encapsulations.length === 0);
  const arrived = asked.find((s) => s.direction === 'in' && s.point.interface !== null);
  const own = asked.find((s) => s.direction === 'out');
  const { path } = context.network.station(name, netns)!;
  const device = arrived ? inputInterface(arrived, context.node(name, netns)!) : null;
  if (arrived && device === null) return false;
  const passages = arrived
    ? path.receive(packetQuestion(attempt, arrived, 'request'), device!)
    : own
      ? path.send(packetQuestion(attempt, own, 'request'))
      : [];
  return (
    passages.length > 0 &&
    passages.every((p) => p.result === 'local' && p.unknown.length === 0 && p.unknownDrops.length === 0)
  );
}

/**
 * Came in from a namespace of the node's own, behind no firewall of the node: over a bridge of veths, or over a
 * veth without an address (as Calico makes them). A veth with an address may as well be a virtual machine's NIC.
 */
function isFromPod(answer: Sighting, address: string, { model, snapshot }: NodeView): boolean {
  if (answer.direction !== 'in' || !snapshot?.links) return false;
  const verdict = model!.output({ source: null, destination: address });
  if (verdict.verdict !== 'output' || verdict.via !== null) return false;
  const link = snapshot.links.find((l) => l.name === answer.point.interface);
  const device = snapshot.links.find((l) => l.name === verdict.dev);
  if (!link || !device || (device !== link && device.name !== link.master)) return false;
  if (device.kind === 'veth') {
    return !model!.localAddresses.some((a) => a.interface === device.name && a.scope === 'global');
  }
  const ports = snapshot.links.filter((l) => l.master === device.name);
  return device.kind === 'bridge' && ports.length > 0 && ports.every((port) => port.kind === 'veth');
}

/** Came in over a veth behind which is no router, from an address that some node's rules name as a backend. */
function isBackendOnLink(
  answer: Sighting,
  address: string,
  { model, snapshot }: NodeView,
  context: DiagnosisContext,
): boolean {
  const link = snapshot?.links?.find((l) => l.name === answer.point.interface);
  if (link?.kind !== 'veth' || answer.direction !== 'in') return false;
  const { verdict, dev, via } = model!.output({ source: null, destination: address });
  const uplink = (snapshot!.routes4 ?? []).some((route) =>
    route.nextHops.some((hop) => hop.interface === link.name && hop.gateway !== null),
  );
  const isBackend = [...context.nodes.values()].some((n) => context.translatesTo(n, address));
  return verdict === 'output' && via === null && dev === link.name && !uplink && isBackend;
}
