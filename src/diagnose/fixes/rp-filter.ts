/**
 * The fixes for reverse-path drops, each tried in the kernel model on the finding's own packets before it is
 * proposed: the request has to get in, and its reply has to get back to where the request was translated. Loose
 * mode alone often lets the request in only to send the reply out by another way, untranslated.
 */
import { lookupRule, unicastRoute } from '../../kernel/entries.js';
import { KernelModel } from '../../kernel/model.js';
import { withRoute, withRule, withSysctl } from '../../kernel/settings.js';
import { sysctlKey } from '../../kernel/sysctl.js';
import type { Fix, FixCommand } from '../../model/analysis.js';
import type { Route, Snapshot } from '../../model/snapshot.js';
import type { Suspicion } from '../cause.js';
import type { RpFilterProof } from '../causes/rp-filter.js';
import type { DiagnosisContext } from '../context.js';
import { translatorOf, trial } from './trial.js';

interface Candidate {
  summary: string;
  apply: (snapshot: Snapshot) => Snapshot;
  commands: FixCommand[];
  risk: string;
}

/** @returns null where nothing that was tried helps, or where the snapshot does not suffice to try */
export function fixRpFilter(
  suspicions: readonly Suspicion<RpFilterProof>[],
  context: DiagnosisContext,
): Fix | null {
  const { node, place, verdict, loss } = suspicions[0]!.proof;
  const { snapshot } = node;
  if (!snapshot || verdict?.verdict !== 'rp-filter' || verdict.unknown.length > 0) return null;
  const translator = loss.role === 'request' ? translatorOf(suspicions[0]!, context) : null;
  for (const candidate of candidates(suspicions, snapshot, translator !== null, context)) {
    const model = new KernelModel(candidate.apply(snapshot));
    const trials = suspicions.map((s) => trial(model, s.proof, translator));
    if (trials.some((result) => result === null)) continue;
    const { summary, risk } = candidate;
    const commands = node.netns === null ? candidate.commands : within(node.netns, candidate.commands);
    const expected = [...new Set(trials)].slice(0, 3).join(' ');
    return {
      summary,
      commands,
      manifests: [],
      risk,
      expected: `By ${node.name}'s routes and rules, with ${place.interface} so: ${expected}`,
    };
  }
  return null;
}

/** The commands for another network namespace of the node; it is made anew at each boot, so none of them lasts. */
function within(netns: string, commands: readonly FixCommand[]): FixCommand[] {
  return commands
    .filter((command) => !command.persists)
    .map(({ node, command }) => ({ node, command: `ip netns exec ${netns} ${command}`, persists: false }));
}

/** In the order in which they are tried: the least change that keeps the most protection first. */
function candidates(
  suspicions: readonly Suspicion<RpFilterProof>[],
  snapshot: Snapshot,
  translated: boolean,
  context: DiagnosisContext,
): Candidate[] {
  const { node, place, verdict, loss, destination } = suspicions[0]!.proof;
  const name = place.interface;
  const gateway = senderAddress(suspicions[0]!.proof, snapshot, context);
  const local = verdict!.lookup?.route?.type === 'local';
  const list: Candidate[] = [];
  if (local && loss.role === 'request' && gateway !== null) {
    list.push(sourceRouting(node.name, name, gateway, destination, snapshot));
  }
  if (verdict!.sourceCheck?.rpFilter === 1) list.push(loose(node.name, name));
  if (translated && gateway !== null) {
    list.push(returnRoute(node.name, name, gateway, [...new Set(suspicions.map((s) => s.proof.source))]));
  }
  list.push(off(node.name, name));
  return list;
}

function loose(node: string, name: string): Candidate {
  const key = sysctlKey('net.ipv4.conf', name, 'rp_filter');
  return {
    summary: `Set the reverse-path filter of ${name} on ${node} to loose mode.`,
    apply: (snapshot) => withSysctl(snapshot, key, '2'),
    commands: [
      { node, command: `sysctl -w ${key}=2`, persists: false },
      {
        node,
        command: `echo '${key} = 2' > /etc/sysctl.d/90-returnpath-${name.replaceAll('.', '-')}.conf`,
        persists: true,
      },
    ],
    risk: `${name} then takes packets from any source that the node has some route to, so spoofed sources are no longer told by their interface there. An interface that is made after boot gets conf.default, not the file.`,
  };
}

function off(node: string, name: string): Candidate {
  const all = sysctlKey('net.ipv4.conf', 'all', 'rp_filter');
  const key = sysctlKey('net.ipv4.conf', name, 'rp_filter');
  return {
    summary: `Turn the reverse-path filter of ${name} on ${node} off; the larger of conf.all and the interface counts, so both are set.`,
    apply: (snapshot) => withSysctl(withSysctl(snapshot, all, '0'), key, '0'),
    commands: [
      { node, command: `sysctl -w ${all}=0 ${key}=0`, persists: false },
      {
        node,
        command: `printf '%s\\n' '${all} = 0' '${key} = 0' > /etc/sysctl.d/90-returnpath.conf`,
        persists: true,
      },
    ],
    risk: `Interfaces that rested on conf.all alone lose their check as well: set theirs to 1 or 2. On ${name} any source is believed.`,
  };
}

/** The reply to an address of the node's own goes back to the router that the request came from. */
function sourceRouting(
  node: string,
  name: string,
  gateway: string,
  vip: string,
  snapshot: Snapshot,
): Candidate {
  const table = freeTable(snapshot);
  const priority = freePriority(snapshot);
  return {
    summary: `Route what ${node} answers from ${vip} back by ${name}, through ${gateway}, where the requests come from.`,
    apply: (s) =>
      withRule(withRoute(s, viaGateway('0.0.0.0/0', table, name, gateway)), {
        ...lookupRule(4, priority, table),
        from: `${vip}/32`,
      }),
    commands: [
      {
        node,
        command: `ip route add default via ${gateway} dev ${name} onlink table ${table}`,
        persists: false,
      },
      { node, command: `ip rule add from ${vip} lookup ${table} priority ${priority}`, persists: false },
    ],
    risk: `Holds until the next boot; make it lasting with the node's network configuration (netplan, systemd-networkd or NetworkManager: a routing policy rule and a route of table ${table}). The filter stays strict.`,
  };
}

function returnRoute(node: string, name: string, gateway: string, sources: string[]): Candidate {
  const commands = sources.map((source) => ({
    node,
    command: `ip route replace ${source}/32 via ${gateway} dev ${name} onlink`,
    persists: false,
  }));
  return {
    summary: `Send replies to the clients back by ${name}, through ${gateway}, to the node that translated the request.`,
    apply: (snapshot) =>
      sources.reduce(
        (s, source) => withRoute(s, viaGateway(`${source}/32`, 'main', name, gateway)),
        snapshot,
      ),
    commands,
    risk: `All that ${node} sends to these clients takes this way, also when another node announces the VIP: a stopgap. What lasts is externalTrafficPolicy: Local (requests stay on the announcing node), or Cluster with kube-proxy's masquerade.`,
  };
}

function viaGateway(destination: string, table: string, name: string, gateway: string): Route {
  return unicastRoute(4, destination, table, { gateway, interface: name, flags: ['onlink'] });
}

function freeTable(snapshot: Snapshot): string {
  const used = new Set([...(snapshot.routes4 ?? []), ...(snapshot.rules4 ?? [])].map((entry) => entry.table));
  let table = 100;
  while (used.has(String(table))) table++;
  return String(table);
}

/** Before the main table and whatever rules there are, after `local`. */
function freePriority(snapshot: Snapshot): number {
  const used = new Set((snapshot.rules4 ?? []).map((rule) => rule.priority));
  let priority = 100;
  while (used.has(priority)) priority++;
  return priority;
}

/**
 * The IP address of the neighbour that handed the packet over: by its MAC, on the interface that it came in by.
 * Of a packet seen only in its tunnel, the far end's own address on the tunnel.
 */
function senderAddress(
  { loss, place }: RpFilterProof,
  snapshot: Snapshot,
  context: DiagnosisContext,
): string | null {
  const { etherSource, encapsulations } = loss.last;
  const tunnel = encapsulations.at(-1);
  if (tunnel) {
    const sender = tunnel.source === null ? null : context.ownerOfAddress(tunnel.source);
    const device = sender?.model?.interfaceForVni(tunnel.id, tunnel.port) ?? null;
    const own = sender?.model?.localAddresses.find((a) => a.interface === device && !a.address.includes(':'));
    return own?.address ?? null;
  }
  if (etherSource === null) return null;
  const found = (snapshot.neighbours ?? []).filter(
    (n) => n.mac === etherSource && n.interface === place.interface && !n.address.includes(':'),
  );
  return found.length === 1 ? found[0]!.address : null;
}
