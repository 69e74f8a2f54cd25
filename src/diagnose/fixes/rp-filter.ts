/**
 * What could be done about reverse-path drops: the least change that keeps the most protection first. Loose mode
 * alone often lets the request in only to send the reply out by another way, untranslated.
 */
import { sysctlKey } from '../../kernel/sysctl.js';
import type { Verdict } from '../../kernel/verdict.js';
import type { Role } from '../../model/analysis.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { Station } from '../../network/station.js';
import { shellWord } from './commands.js';
import type { FixIdea } from './idea.js';

/** Packets that the reverse-path check of one interface refuses. */
export interface RpFilterCase {
  station: Station;
  interface: string;
  verdict: Verdict;
  role: Role;
  /** The refused packets', each once; empty where any source may be refused. */
  sources: readonly string[];
  /** As routing sees it. */
  destination: string;
  /** Who handed the packets over; null where not known. */
  gateway: string | null;
  /** Whether another node translated the request before: the reply has to get back there. */
  translated: boolean;
}

export function rpFilterIdeas(refused: RpFilterCase): FixIdea[] {
  const { station, interface: name, verdict, role, gateway, translated } = refused;
  const ideas: FixIdea[] = [];
  const local = verdict.lookup?.route?.type === 'local';
  // A client on the link, or a pod, is no way to the others.
  if (local && role === 'request' && gateway !== null && !refused.sources.includes(gateway)) {
    const routing = sourceRouting(station, name, gateway, refused.destination);
    if (routing) ideas.push(routing);
  }
  if (verdict.sourceCheck?.rpFilter === 1) ideas.push(loose(station.node, name));
  if (translated && gateway !== null && refused.sources.length > 0) {
    const routing = returnRouting(refused, gateway);
    if (routing) ideas.push(routing);
  }
  ideas.push(off(station.node, name));
  return ideas;
}

function loose(node: string, name: string): FixIdea {
  const key = sysctlKey('net.ipv4.conf', name, 'rp_filter');
  return {
    summary: `Set the reverse-path filter of ${name} on ${node} to loose mode.`,
    commands: [
      { node, command: `sysctl -w ${shellWord(`${key}=2`)}`, persists: false },
      {
        node,
        command: `echo '${key} = 2' > /etc/sysctl.d/90-returnpath-${name.replace(/[^\w-]/g, '-')}.conf`,
        persists: true,
      },
    ],
    risk: `${name} then takes packets from any source that the node has some route to, so spoofed sources are no longer told by their interface there. An interface that is made after boot gets conf.default, not the file.`,
  };
}

function off(node: string, name: string): FixIdea {
  const all = sysctlKey('net.ipv4.conf', 'all', 'rp_filter');
  const key = sysctlKey('net.ipv4.conf', name, 'rp_filter');
  return {
    summary: `Turn the reverse-path filter of ${name} on ${node} off; the larger of conf.all and the interface counts, so both are set.`,
    commands: [
      { node, command: `sysctl -w ${all}=0 ${shellWord(`${key}=0`)}`, persists: false },
      {
        node,
        command: `printf '%s\\n' '${all} = 0' '${key} = 0' > /etc/sysctl.d/90-returnpath.conf`,
        persists: true,
      },
    ],
    risk: `Interfaces that rested on conf.all alone lose their check as well: set theirs to 1 or 2. On ${name} any source is believed.`,
  };
}

/**
 * What the node answers from an address of its own goes back to the router that the request came from, but for what
 * is to its own networks and pods.
 *
 * @returns null where the node's rules leave no priority before them
 */
export function sourceRouting(
  { node, snapshot }: Station,
  name: string,
  gateway: string,
  vip: string,
): FixIdea | null {
  const family = vip.includes(':') ? 6 : 4;
  const ip = family === 6 ? 'ip -6' : 'ip';
  const table = freeTable(snapshot, family);
  const priority = firstPriority(snapshot, family);
  if (priority === null) return null;
  const commands = [
    `${ip} route add default via ${gateway} dev ${shellWord(name)} onlink table ${table}`,
    `${ip} rule add from ${vip} lookup main suppress_prefixlength 0 priority ${priority}`,
    `${ip} rule add from ${vip} lookup ${table} priority ${priority + 1}`,
  ];
  return {
    summary: `Route what ${node} answers from ${vip} back by ${name}, through ${gateway}, where the requests come in.`,
    commands: commands.map((command) => ({ node, command, persists: false })),
    risk: `Holds until the next boot; make it lasting with the node's network configuration (netplan, systemd-networkd or NetworkManager: two routing policy rules and a route of table ${table}). The reverse-path filter stays as it is.`,
  };
}

/**
 * What the pods answer these clients goes back to the node that translated the request. By rules on the pods'
 * addresses, for a route to the clients would take the node's own replies along, and with strict filtering refuse them.
 */
function returnRouting(
  { station, interface: name, verdict, sources, destination }: RpFilterCase,
  gateway: string,
): FixIdea | null {
  const { node, snapshot } = station;
  const table = freeTable(snapshot, 4);
  const priority = firstPriority(snapshot, 4);
  if (priority === null) return null;
  const route = verdict.lookup?.route;
  const pods =
    route && route.type === 'unicast' && !route.destination.endsWith('/0') ? route.destination : destination;
  const commands = [
    `ip route add default via ${gateway} dev ${shellWord(name)} onlink table ${table}`,
    `ip rule add from ${pods} lookup main suppress_prefixlength 0 priority ${priority}`,
    ...sources.map(
      (source) => `ip rule add from ${pods} to ${source} lookup ${table} priority ${priority + 1}`,
    ),
  ];
  return {
    summary: `Send what ${pods} on ${node} answers these clients back by ${name}, through ${gateway}, to the node that translated the request.`,
    commands: commands.map((command) => ({ node, command, persists: false })),
    risk: `A stopgap for these clients: their replies take this way also when another node announces the VIP, and it holds until the next boot. What lasts is externalTrafficPolicy: Local (requests stay on the announcing node), or Cluster with kube-proxy's masquerade.`,
  };
}

const KNOWN_TABLES: ReadonlySet<string> = new Set(['local', 'main', 'default', 'unspec']);

function freeTable({ routes4, rules4, routes6, rules6 }: Snapshot, family: 4 | 6): string {
  const entries =
    family === 4 ? [...(routes4 ?? []), ...(rules4 ?? [])] : [...(routes6 ?? []), ...(rules6 ?? [])];
  const used = new Set(entries.map((entry) => entry.table));
  // A table with a name has a number that is in no snapshot: most are below this.
  const named = [...used].some((table) => table !== null && !KNOWN_TABLES.has(table) && !/^\d+$/.test(table));
  let table = named ? 24_100 : 100;
  while (used.has(String(table))) table++;
  return String(table);
}

/** The first of two priorities in a row before all rules but that of `local`; null where there is no room. */
function firstPriority({ rules4, rules6 }: Snapshot, family: 4 | 6): number | null {
  const rules = (family === 4 ? rules4 : rules6) ?? [];
  const first = Math.min(102, ...rules.map((rule) => rule.priority).filter((priority) => priority > 0));
  return first < 3 ? null : first - 2;
}
