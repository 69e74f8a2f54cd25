import { isOnIpvs } from '../../kernel/ipvs.js';
import type { Fix, FixCommand } from '../../model/analysis.js';
import type { Network } from '../../network/network.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { lastingCommands } from '../fixes/lasting/commands.js';
import { type Step, step } from '../fixes/step.js';
import type { Contest } from '../neighbours/contest.js';
import { describeMac } from '../neighbours/mac-words.js';
import { shellWord } from '../shell-word.js';
import { listed } from '../words.js';
import { arpFilter } from './arp-filter-fix.js';

/** A node that answers for the contested address on one of its interfaces. */
export interface Answering {
  station: Station;
  interface: string;
}

export function fixArpConflict(contest: Contest, context: DiagnosisContext): Fix | null {
  const { conflict, rightful, made, lost } = contest;
  const { address, claims } = conflict;
  const failing = claims.filter(({ owner: { mac } }) => lost.has(mac) && !made.has(mac));
  const known = claims.flatMap(({ owner: { station, interface: name } }) =>
    station && name !== null ? [{ station, interface: name }] : [],
  );
  const useless = new Set(failing.flatMap(({ owner: { node } }) => node ?? []));
  const asker = conflict.exchanges[0]?.request.sender ?? null;
  const fix = fixConflict(address, known, context.network, {
    rightful: rightful?.owner.node ?? null,
    useless,
    asker,
  });
  const strangers = claims.filter(({ owner }) => owner.node === null).map(({ owner }) => owner.mac);
  if (strangers.length === 0) return fix;
  const other = fixStranger(address, strangers, known);
  return fix === null ? other : both(fix, other);
}

/** What captures tell of a conflict. */
interface Seen {
  /** The node that should go on answering; null where that is not known. */
  rightful: string | null;
  /** Nodes at which requests were lost, and none got through. */
  useless: ReadonlySet<string>;
  /** Who asked; null where that was not seen. */
  asker: string | null;
}

/**
 * What leaves one node to answer for the address; tried in the model, by asking each node again.
 *
 * @returns null where it is not in the hands of the nodes that answer
 */
export function fixConflict(
  address: string,
  answering: readonly Answering[],
  network: Network,
  { rightful, useless, asker }: Seen = { rightful: null, useless: new Set(), asker: null },
): Fix | null {
  if (answering.length === 0) return null;
  if (isOnOneNode(answering) && !isHeldThere(address, answering)) {
    return arpFilter(address, answering, asker, network);
  }
  const leaks = [...answering, ...ipvsHolders(address, answering, network)].filter(
    ({ station, interface: name }) => answersForAnother(station, name, address),
  );
  if (leaks.length > 0) {
    // Where requests are lost at the very nodes that would be left, and nothing says that the address is theirs, another
    // may be meant to have it.
    const isLeak = ({ station }: Answering) => leaks.some((leak) => leak.station === station);
    const heirs = answering.filter((a) => !isLeak(a)).map(({ station }) => station.node);
    const isInVain =
      heirs.length > 0 &&
      heirs.every((node) => useless.has(node) && node !== rightful) &&
      !leaks.some(({ station }) => useless.has(station.node));
    if (!isInVain) return strictArp(address, leaks, answering, network);
  }
  const nodes = new Set(answering.map(({ station }) => station.node));
  if (nodes.size < 2) return null;
  const speaking = answering.filter(({ station }) => speaks(network, station, address));
  if (speaking.length === answering.length) return checkSpeakers(address, answering);
  return removeAddress(address, answering, rightful);
}

/** Whether the kernel answers at the interface for an address of another one (arp_ignore 0). */
function answersForAnother({ model }: Station, name: string, address: string): boolean {
  return !hasOn(model, name, address) && ask(model, name, address).by === 'own-address';
}

function hasOn({ localAddresses }: Station['model'], name: string, address: string): boolean {
  return localAddresses.some((a) => a.interface === name && a.address === address);
}

function ask(model: Station['model'], name: string, address: string) {
  return model.answersFor(address, name, address.includes(':') ? '::' : '0.0.0.0');
}

/** kube-proxy puts the addresses of all Services on kube-ipvs0 of every node: those not heard yet will answer next. */
function ipvsHolders(address: string, answering: readonly Answering[], { stations }: Network): Answering[] {
  const name = answering[0]!.interface;
  return stations
    .filter(({ netns, snapshot }) => netns === null && isOnIpvs(snapshot, address))
    .filter((station) => !answering.some((a) => a.station === station) && station.model.link(name) !== null)
    .map((station) => ({ station, interface: name }));
}

function speaks({ speakers }: Network, { node }: Station, address: string): boolean {
  return speakers.announcements.some((a) => a.node === node && a.addresses.includes(address));
}

/** The links of one kernel alone, which nobody is known to answer beside. */
function isOnOneNode(answering: readonly Answering[]): boolean {
  return new Set(answering.map(({ station }) => station)).size === 1;
}

/** Whether one of the interfaces has the address itself, or a program speaks for it: under strict ARP, who would be left. */
function isHeldThere(address: string, answering: readonly Answering[]): boolean {
  return answering.some(
    ({ station: { model, snapshot }, interface: name }) =>
      hasOn(model, name, address) || isOnIpvs(snapshot, address) || !ask(model, name, address).answers,
  );
}

const STRICT = 'net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2';

/** As kube-proxy sets it under strictARP: each interface answers for its own addresses alone. */
function strictArp(
  address: string,
  leaks: readonly Answering[],
  answering: readonly Answering[],
  network: Network,
): Fix | null {
  const stations = [...new Set(leaks.map(({ station }) => station))];
  const steps = stations.map((station) => step(station, `sysctl -w ${STRICT}`));
  const changed = steps.reduce((now, { node, netns, apply }) => {
    return now.with(apply(now.station(node, netns)!.snapshot));
  }, network);
  const after = ({ station }: Answering) => changed.station(station.node, station.netns)!;
  const silent = leaks.filter((leak) => !ask(after(leak).model, leak.interface, address).answers);
  if (silent.length < leaks.length) return null;
  // Who was heard though no kernel there answers is a speaker's node, and goes on.
  const programs = answering.filter((a) => !ask(a.station.model, a.interface, address).answers);
  const left = answering.filter(
    (a) =>
      programs.includes(a) ||
      speaks(network, a.station, address) ||
      ask(after(a).model, a.interface, address).answers,
  );
  const byIpvs = stations.some(({ snapshot }) => isOnIpvs(snapshot, address));
  const heirs = [...new Set(left.map(({ station }) => station.label))];
  const unknown = programs.filter(({ station }) => !speaks(network, station, address));
  const seen =
    unknown.length === 0
      ? ''
      : ` (on ${listed(unknown.map(({ station }) => station.label))}, by its settings, not the kernel did but a program, as a speaker)`;
  const rest =
    heirs.length === 0
      ? `nobody that is known answers for ${address} then: a speaker has to announce it`
      : `${listed(heirs)} alone ${heirs.length === 1 ? 'goes' : 'go'} on answering${seen}`;
  return {
    summary: byIpvs
      ? `Set strictARP: true in the ConfigMap of kube-proxy, and until it has taken effect the same sysctls on ${listed(stations.map((s) => s.label))}, so that kernels do not answer for what is on kube-ipvs0.`
      : `Let interfaces answer for their own addresses alone on ${listed(stations.map((s) => s.label))}.`,
    commands: [
      ...steps.map(({ node, command }) => ({ node, command, persists: false })),
      ...lastingCommands(steps, network),
      ...(byIpvs && network.cluster.isKnown ? kubeProxyCommands(stations[0]!.node) : []),
    ],
    manifests: [],
    risk: `Interfaces no longer answer for addresses of the node's other interfaces: whoever reaches those by ARP on this link loses them. ${left.length === 0 ? `A speaker, keepalived or kube-vip has to answer for ${address}.` : ''}`.trim(),
    expected: `Tried in the model of the nodes' settings: the kernels of ${listed(silent.map(({ station }) => station.label))} no longer answer for ${address}; ${rest}.`,
  };
}

/** kube-proxy reads its configuration when it starts. */
function kubeProxyCommands(node: string): FixCommand[] {
  const inKubeSystem = 'kubectl -n kube-system';
  // A line that is not there is not edited, and what was not edited is not to be taken for done.
  const edit = "sed 's/strictARP: false/strictARP: true/'";
  const check =
    "grep 'strictARP: true' || echo 'no line strictARP: add it under ipvs: with kubectl edit' >&2";
  return [
    `${inKubeSystem} get configmap kube-proxy -o yaml | ${edit} | ${inKubeSystem} apply -f -`,
    `${inKubeSystem} get configmap kube-proxy -o yaml | ${check}`,
    `${inKubeSystem} rollout restart daemonset kube-proxy`,
  ].map((command) => ({ node, command, persists: true }));
}

/** Several nodes have the address on the interface that is asked at. */
function removeAddress(
  address: string,
  answering: readonly Answering[],
  rightful: string | null,
): Fix | null {
  const wrong = rightful === null ? [] : answering.filter(({ station }) => station.node !== rightful);
  const steps = wrong.flatMap(({ station, interface: name }) => removal(station, name, address));
  const nodes = listed(answering.map(({ station }) => station.label));
  const why = `If keepalived or another VRRP daemon put it there, its peers do not hear each other: see by \`tcpdump -n -i ${shellWord(answering[0]!.interface)} 'ip proto 112 or ip6 proto 112'\` on each of them, and look for firewall rules on protocol 112 and 224.0.0.18 (ff02::12).`;
  const strange = wrong.filter(({ station }) => !station.model.hasAddress(address));
  if (strange.length > 0) {
    const others = listed(strange.map(({ station, interface: name }) => `${station.label} (${name})`));
    return {
      summary: `Find what on ${others} answers for ${address}, which ${rightful} should have alone, and stop it: no kernel there has the address, so that it is a program (a speaker, an ARP daemon, a virtual machine or container behind it).`,
      commands: [],
      manifests: [],
      risk: `Whoever reaches a service on ${others} by ${address} loses it.`,
      expected: 'Not tried: what answers is not in the snapshots.',
    };
  }
  if (steps.length === 0 || steps.length < wrong.length) {
    return {
      summary: `Decide which of ${nodes} is to have ${address}, and take it from the others. ${why}`,
      commands: [],
      manifests: [],
      risk: 'Connections that are open to a node lose it when the address is taken from it.',
      expected: 'Not tried: which node should have the address is not in the snapshots.',
    };
  }
  return {
    summary: `Take ${address} from ${listed(wrong.map(({ station }) => station.label))}, which ${rightful} should have alone. ${why}`,
    commands: steps.map(({ node, command }) => ({ node, command, persists: false })),
    manifests: [],
    risk: `Connections that are open to ${listed(wrong.map(({ station }) => station.label))} under this address are lost. Whatever put it there may do so again.`,
    expected: `Tried in the model of the nodes' settings: ${listed(steps.map(({ node }) => node))} no longer answers for ${address}; ${rightful} alone goes on answering.`,
  };
}

function removal(station: Station, name: string, address: string): Step[] {
  const own = station.model.localAddresses.find((a) => a.address === address && a.interface === name);
  if (!own || station.netns !== null) return [];
  const removing = step(station, `ip addr del ${address}/${own.prefixLength} dev ${shellWord(name)}`);
  const changed = removing.apply(station.snapshot);
  return changed.addresses?.some((a) => a.address === address && a.interface === name) ? [] : [removing];
}

/** Speakers agree on one of them over memberlist; where they do not hear each other, each takes itself for the one. */
function checkSpeakers(address: string, answering: readonly Answering[]): Fix {
  const nodes = listed(answering.map(({ station }) => station.label));
  return {
    summary: `Let the speakers of ${nodes} hear each other again: each takes itself for the one that announces ${address}. Their memberlist needs port 7946 between the nodes, TCP and UDP; the speakers' logs tell who has left whom.`,
    commands: [],
    manifests: [],
    risk: 'None beyond the open port between the nodes.',
    expected: 'Not tried: what speakers say to each other is not in the snapshots.',
  };
}

function both(a: Fix, b: Fix): Fix {
  return {
    summary: `${a.summary} ${b.summary}`,
    commands: [...a.commands, ...b.commands],
    manifests: [...a.manifests, ...b.manifests],
    risk: `${a.risk} ${b.risk}`,
    expected: `${a.expected} ${b.expected}`,
  };
}

function fixStranger(address: string, macs: readonly string[], known: readonly Answering[]): Fix {
  const [near] = known;
  const probe =
    near && !address.includes(':') ? `arping -D -c 3 -I ${shellWord(near.interface)} ${address}` : null;
  const who = macs.map((mac) => `${mac} (${describeMac(mac)})`).join(' and ');
  const hosts = macs.length === 1 ? 'the host with the MAC' : 'the hosts with the MACs';
  const take =
    known.length > 0
      ? `take ${address} from ${macs.length === 1 ? 'it' : 'them'}`
      : `leave ${address} to one of them`;
  return {
    summary: `Find ${hosts} ${who} by the switch's address table, and ${take}. If a host outside the cluster is to keep it, take the address out of the pool that VIPs come from.`,
    commands: near && probe ? [{ node: near.station.node, command: probe, persists: false, asks: true }] : [],
    manifests: [],
    risk: `Whoever uses that host by ${address} loses it.`,
    expected: probe
      ? `Not tried, for that host is not in the snapshots. \`${probe}\` shows who else still answers.`
      : 'Not tried, for that host is not in the snapshots.',
  };
}
