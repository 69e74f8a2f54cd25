import type { Alternative, Endpoint, Evidence } from '../../model/analysis.js';
import { endpointLabel } from '../../model/endpoint.js';
import { stationLabel } from '../../model/station.js';
import { numberText } from '../../model/texts.js';
import { wayText } from '../../network/narrate.js';
import type { Conclusion, Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { unresolvedEvidence, unresolvedGap } from '../drops/unresolved-evidence.js';
import { evidence, QUOTED } from '../evidence.js';
import { faultOf } from '../fault.js';
import { lostEvidence } from '../lost-evidence.js';
import { vainAskerEvidence, vainAskerGap, vainAskerText } from '../neighbours/vain-askers.js';
import { listed } from '../words.js';
import type { SilenceProof } from './backend-silent.js';
import { closedPortOf } from './closed-port.js';
import { fullQueueFix, fullQueueGap, fullQueueOf, fullQueueText } from './full-queue.js';
import { concludeOtherSource } from './other-source-finding.js';

export function concludeBackendSilent(
  suspicions: readonly Suspicion<SilenceProof>[],
  context: DiagnosisContext,
): Conclusion {
  const { attempt, interface: name, proof } = suspicions[0]!;
  const { loss, listened, unresolved, asking } = proof;
  const { node, netns } = loss.last.point;
  const backends = listed(suspicions.map((s) => endpointLabel(backendOf(s.proof))));
  const { address, port } = backendOf(proof);
  const called = context.nameOf(address, port);
  const label = stationLabel(node, netns);
  const seen = loss.last.direction === 'out' ? 'left' : 'reached';
  const pod = called === null ? '' : ` (${called})`;
  if (attempt.otherSource.length > 0) return concludeOtherSource(suspicions);
  const queue = fullQueueOf(suspicions, context);
  const full = queue?.accountsForAll ? queue : null;
  const closed = closedPortOf(suspicions, context);
  return {
    finding: {
      ...faultOf('backend-silent', suspicions, netns),
      summary: unresolved
        ? `${backends}${pod} gives no answer, not even to ${address.includes(':') ? 'neighbour solicitations' : 'ARP'}: ${unresolved.station.label} asks for it on ${unresolved.hop.dev} in vain.`
        : asking
          ? `${backends}${pod} gives no answer: it has the requests and cannot send one. ${vainAskerText(asking)}.`
          : `${backends}${pod} gives no answer: the requests ${seen} ${label}${name === null ? '' : ` by ${name}`}${full || closed ? '' : ', right before the backend'}, and nothing came back.${full ? ` ${fullQueueText(full)}` : ''}${closed ? ` Its kernel had ${numberText(closed.datagrams)} datagrams meanwhile for ports on which nothing listens: most likely nothing listens on this one, and the ICMP errors that would say so are dropped or limited in rate.` : ''}`,
      evidence: [...evidenceOf(suspicions), ...[queue, closed].flatMap((told) => told?.evidence ?? [])],
      fix: full && fullQueueFix(full, listed(suspicions.map((s) => String(backendOf(s.proof).port)))),
      ...(asking && {
        noFix: `what ${asking.sender} sends goes to ${asking.target}, and somebody on ${asking.device} of ${asking.station.label} has to answer for that`,
      }),
      alternatives: ruledOut(proof).filter(({ cause }) => !closed || cause !== 'refused'),
    },
    gaps: [
      ...(unresolved ? [unresolvedGap(unresolved)] : []),
      asking
        ? vainAskerGap(asking)
        : full
          ? fullQueueGap(full, name, port)
          : {
              node,
              interface: netns === null ? name : null,
              why: `what the backend does with the requests is not seen from outside${listened === null ? '' : ` (${listened} was captured)`}: its own sockets, its own firewall, or whether it lives at all; to be run in the backend's own network namespace`,
              capture: `${LOOK[attempt.protocol]}; iptables-save; nft list ruleset; tcpdump -i any -n '${port === null ? 'icmp or icmp6' : `port ${port}`}'`,
            },
    ],
  };
}

/** What the backend itself knows of requests that it did not answer. */
const LOOK = {
  tcp: 'ss -ltn; nstat -az TcpExtListenOverflows TcpExtListenDrops',
  udp: 'ss -lun; nstat -az UdpInErrors UdpRcvbufErrors',
  icmp: 'sysctl -a -r icmp.*echo_ignore',
} as const;

function backendOf({ loss, unresolved }: SilenceProof): Endpoint {
  return unresolved?.destination ?? loss.last.destination;
}

function evidenceOf(suspicions: readonly Suspicion<SilenceProof>[]): Evidence[] {
  const { journey, listened, unreplied, doubts, loss, unresolved, asking } = suspicions[0]!.proof;
  const at = { node: loss.last.point.node };
  const losses = suspicions.map(({ proof }) => proof.loss);
  const found = lostEvidence(losses, ' and no answer was seen');
  if (unresolved) found.push(...unresolvedEvidence(unresolved));
  if (asking) found.push(...vainAskerEvidence(asking));
  if (listened !== null) {
    found.push(evidence('capture', `${listened} was captured meanwhile, and no reply came by it`, at));
  }
  if (unreplied) {
    const { source, destination, destinationPort } = unreplied.original;
    const asked = endpointLabel({ address: destination, port: destinationPort });
    const text = `${source} > ${asked} is tracked as [UNREPLIED]: no reply ever came to the node`;
    found.push(evidence('conntrack', text, { ...at, file: 'conntrack.txt' }));
  }
  if (journey)
    found.push(evidence('model', `by the nodes' settings the request goes ${wayText(journey)}`, at));
  return [...found, ...doubts.slice(0, QUOTED).map((line) => evidence('model', `assumed: ${line}`, at))];
}

function ruledOut({ journey, doubts, unresolved, asking }: SilenceProof): Alternative[] {
  if (unresolved) {
    const why = `${unresolved.station.label} has a route to it, right on the link of ${unresolved.hop.dev}`;
    return [{ cause: 'no-route', why }];
  }
  const found: Alternative[] = [
    { cause: 'not-delivered', why: 'the request was captured at every step to the backend' },
    {
      cause: 'refused',
      why: 'a closed port answers at once, with a RST or (at a limited rate) an ICMP port unreachable, and none came',
    },
  ];
  if (journey && doubts.length === 0 && !asking) {
    found.push(
      { cause: 'filtered', why: 'no rule of the nodes on the way drops the request, or its reply' },
      { cause: 'no-route', why: 'the nodes on the way have a route for the reply' },
    );
  }
  return found;
}
