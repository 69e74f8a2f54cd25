import type { Gap } from '../../model/analysis.js';
import type { Snapshot } from '../../model/snapshot.js';
import { announcersOf } from '../../network/announcers.js';
import type { Conclusion, Suspicion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { isOneNode, ownershipOf } from '../neighbours/conflicts.js';
import { type Contest, contestOf, contestsOf } from '../neighbours/contest.js';
import { claimantLabel, resolutionOf } from '../neighbours/evidence.js';
import { type FallenSilent, fallenSilent } from '../neighbours/fallen-silent.js';
import { announcerConflict } from '../prediction/conflict.js';
import { neighbourFilter } from '../recording.js';
import { shellWord } from '../shell-word.js';
import { secondsText } from '../words.js';
import type { ArpConflictProof } from './arp-conflict.js';
import {
  answerEvidence,
  conflictText,
  describeContest,
  gapsOf,
  proofOf,
  vipOf,
} from './arp-conflict-finding.js';
import { concludeProxy, misledBy } from './arp-conflict-proxy.js';

/** Conflicts that cost no attempt that was seen: proven by packets, or by the nodes' own settings alone. */
export function surveyArpConflicts(
  suspicions: readonly Suspicion<ArpConflictProof>[],
  context: DiagnosisContext,
): Conclusion[] {
  const told = new Set(suspicions.map(({ proof }) => proof.contest.conflict.address));
  const proven = contestsOf(context).filter(({ conflict }) => !told.has(conflict.address));
  return [
    ...proven.map((contest) => conclude(contest, context)),
    ...misleadingProxies(context),
    ...bySettings(context),
  ];
}

function conclude(contest: Contest, context: DiagnosisContext): Conclusion {
  const { conflict } = contest;
  const harmless = isOneNode(conflict.claims) || !matters(conflict.address, context);
  const silent = isOneNode(conflict.claims) ? null : fallenSilent(conflict, context);
  const rest = isOneNode(conflict.claims)
    ? 'Requests come in by either, whatever its rp_filter makes of them; no connection was seen lost to it.'
    : `No connection was seen lost to it: ${silent ? silenceText(silent) : 'whose answer is taken is a matter of time'}.`;
  return {
    finding: {
      ...describeContest(contest, context),
      severity: harmless ? 'info' : 'risk',
      vip: vipOf(contest, context),
      attempts: [],
      summary: `${conflictText(contest, context)} ${rest}`,
      evidence: [...proofOf(contest), ...answerEvidence(contest, context)],
      alternatives: silent
        ? []
        : [
            {
              cause: 'not-delivered',
              why: 'it is no hand-over: the one goes on answering after the other was heard',
            },
          ],
    },
    gaps: gapsOf(contest),
  };
}

function silenceText({ claim, heir, silentNs }: FallenSilent): string {
  return `${claimantLabel(claim)} was last heard ${secondsText(silentNs)} before its capture ends, and ${claimantLabel(heir)} since; it may have been a move of the address, in which both had it for a while`;
}

/** Proxies that answer beside others, and to which nothing was sent but what got lost, for whatever cause. */
function misleadingProxies(context: DiagnosisContext): Conclusion[] {
  return ownershipOf(context).proxied.flatMap((conflict) => {
    const contest = contestOf(conflict, context);
    const proxies = misledBy(contest);
    return proxies.length === 0 ? [] : [concludeProxy(contest, proxies, context)];
  });
}

/** Whether what was looked at depends on the address; where no connection was captured, whatever is found does. */
function matters(address: string, { attempts, vips, nodes, network }: DiagnosisContext): boolean {
  if (attempts.length === 0 || vips.has(address)) return true;
  if ([...nodes.values()].some((node) => node.model?.hasAddress(address))) return true;
  if (network.stations.some(({ snapshot }) => isGateway(snapshot, address))) return true;
  return attempts.some(({ legs }) =>
    legs.some((leg) => leg.client.address === address || leg.server.address === address),
  );
}

function isGateway({ routes4, routes6 }: Snapshot, address: string): boolean {
  return [...(routes4 ?? []), ...(routes6 ?? [])].some((route) =>
    route.nextHops.some((hop) => hop.gateway === address),
  );
}

/** VIPs whose holders would all answer, and of which no packet tells whether they do. */
function bySettings(context: DiagnosisContext): Conclusion[] {
  const { attempts, network, vips } = context;
  if (network.stations.length < 2) return [];
  const clients = new Map<string, string>();
  for (const { server, client } of attempts) {
    if (!clients.has(server.address)) clients.set(server.address, client.address);
  }
  const named = [...vips].filter((vip) => !clients.has(vip)).map((vip): [string, string] => [vip, vip]);
  return [...clients, ...named].flatMap(([vip, client]) => {
    // One that is announced by BGP alone is asked for by nobody.
    if (!hasSeveralHolders(vip, context) || network.cluster.isAskedFor(vip) === false) return [];
    if (isToldByPackets(vip, context)) return [];
    const announcers = announcersOf(network, vip, client);
    const finding = announcerConflict(vip, announcers, network);
    if (!finding) return [];
    const gaps = announcers.map(({ station, interface: name }) => askGap(vip, station.label, name));
    return [{ finding, gaps }];
  });
}

function hasSeveralHolders(vip: string, { network }: DiagnosisContext): boolean {
  const nodes = new Set(
    network.speakers.announcements.filter((a) => a.addresses.includes(vip)).map((a) => a.node),
  );
  for (const { node, model } of network.stations) if (model.hasAddress(vip)) nodes.add(node);
  return nodes.size > 1;
}

/** Packets tell who answers: several (which has its own finding), or one alone where all answers would have been seen. */
function isToldByPackets(address: string, context: DiagnosisContext): boolean {
  const { conflicts, handOvers } = ownershipOf(context);
  if ([...conflicts, ...handOvers].some((found) => found.address === address)) return true;
  const about = context.neighbours.filter((message) => message.target === address);
  return about.some(
    (answer) =>
      answer.kind === 'reply' &&
      answer.direction === 'in' &&
      about.some(
        (m) => m.kind === 'request' && m.direction === 'out' && m.point.capture === answer.point.capture,
      ),
  );
}

function askGap(vip: string, node: string, name: string): Gap {
  const isIPv6 = vip.includes(':');
  const ask = isIPv6 ? `ndisc6 -m ${vip} ${shellWord(name)}` : `arping -c 3 -I ${shellWord(name)} ${vip}`;
  return {
    node,
    interface: name,
    why: `no ${resolutionOf(vip)} for ${vip} was captured: whether another host answers beside ${node} shows where a third one on the link asks (${ask}); more than one MAC in its answers is a conflict`,
    capture: `tcpdump -i ${shellWord(name)} -n -e -w ${isIPv6 ? 'ndp' : 'arp'}.pcap '${neighbourFilter(vip)}'`,
  };
}
