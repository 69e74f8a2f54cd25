/** A VXLAN tunnel whose ends do not fit: what is put into it comes out nowhere, and no filter or route is the reason. */

import type { Attempt } from '../../correlate/attempt.js';
import { isPortUnreachable } from '../../correlate/icmp-errors.js';
import type { Role } from '../../model/analysis.js';
import { neighbourEntry } from '../../model/neighbour-entry.js';
import type { DropRecord, Link } from '../../model/snapshot.js';
import { stationLabel } from '../../model/station.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence, QUOTED } from '../evidence.js';
import { nearestDrops } from '../kernel-records.js';
import { farthestOf, firstSightings, type Loss, lossOf } from '../loss.js';
import { remembered } from '../ways/remembered.js';
import { isEachRecorded, timesAt } from './examine.js';
import type { KnownOfLoss } from './known-of-loss.js';
import { isOfFamily } from './records.js';
import { isRunning } from './visibility.js';

type Vxlan = Link & { vxlan: NonNullable<Link['vxlan']> };

/** @returns null where nothing says that the packet was lost between the ends of its tunnel */
export function tunnelEnds(attempt: Attempt, context: DiagnosisContext): KnownOfLoss | null {
  // The port unreachable of a tunnel packet looks like the server's.
  const loss = attempt.outcome === 'refused' ? farthestOf(attempt, 'request') : lossOf(attempt);
  if (!loss || loss.made) return null;
  const { point, direction } = loss.last;
  const node = context.node(point.node, point.netns);
  if (!node?.snapshot?.links || direction === null) return null;
  return direction === 'in' ? unheard(attempt, loss, node) : unsent(attempt, loss, node, context);
}

const WHAT: Record<Role, string> = { request: 'requests', reply: 'replies' };

/** The tunnel packet arrived at a UDP port that none of the node's VXLAN devices has. */
function unheard(attempt: Attempt, { last, role }: Loss, node: NodeView): KnownOfLoss | null {
  const [outer, more] = last.encapsulations;
  if (outer?.kind !== 'vxlan' || more || outer.port === null || outer.destination === null) return null;
  if (last.forOther || node.model?.hasAddress(outer.destination) !== true) return null;
  const devices = vxlanDevices(node);
  if (!devices || devices.some((link) => isUp(link) && link.vxlan.port === outer.port)) return null;
  const meant = devices.find(({ vxlan }) => vxlan.id === outer.id);
  const refused = attempt.others.some((s) => isPortUnreachable(s) && s.icmp!.from === outer.destination);
  // A device of another namespace has its socket where it was made: a container network's is in no list of the node's.
  if (!meant && !refused) return null;
  const label = stationLabel(node.name, node.netns);
  const isDown = meant !== undefined && !isUp(meant);
  const state = isDown ? 'is down' : `listens at ${meant?.vxlan.port}`;
  const listens = meant ? `${meant.name}, of VNI ${outer.id}, ${state}` : '';
  const answer = refused ? `, and answers with ICMP port unreachable` : '';
  const words = `${label} gets the VXLAN packets that carry the ${WHAT[role]} at UDP port ${outer.port}, where none of its VXLAN devices listens${listens && ` (${listens})`}${answer}`;
  const text = isDown
    ? `${meant.name}: vxlan id ${outer.id} dstport ${meant.vxlan.port}, not UP: its socket is closed`
    : meant
      ? `${meant.name}: vxlan id ${outer.id} dstport ${meant.vxlan.port}; the packets for VNI ${outer.id} come to port ${outer.port}`
      : `no VXLAN device has port ${outer.port}`;
  return {
    words,
    evidence: [evidence('model', text, { node: node.name, file: 'ip-link.json' })],
    gap: {
      node: node.name,
      interface: meant?.name ?? last.point.interface,
      why: isDown
        ? `what set ${meant.name} down, or did not bring it up, is to be seen there`
        : `the two ends of the tunnel have different UDP ports, or the far end has no device for it: which is meant is to be seen at both, and in what sets them up`,
      capture: `ip -d link show type vxlan; ss -lun 'sport = :${outer.port}'`,
    },
  };
}

/** vxlan_open(): the socket is there while the device is up. */
function isUp({ flags }: Link): boolean {
  return flags.includes('UP');
}

/** Null where one of them takes whatever VNI a packet has: then its rules, not its settings, decide. */
function vxlanDevices({ snapshot }: NodeView): Vxlan[] | null {
  const all = snapshot!.links!.filter(({ kind }) => kind === 'vxlan');
  const known = all.filter((link): link is Vxlan => link.vxlan !== null);
  return known.length === all.length ? known : null;
}

/** The packet was handed to the tunnel device, and no tunnel packet with it left the node. */
function unsent(attempt: Attempt, loss: Loss, node: NodeView, context: DiagnosisContext): KnownOfLoss | null {
  const { last } = loss;
  const link = node.snapshot!.links!.find(({ name }) => name === last.point.interface);
  if (!link?.vxlan || last.encapsulations.length > 0) return null;
  const records = targetless(loss, node, last.source.address.includes(':') ? 6 : 4, context);
  const silent = showsTunnel(attempt, node, link.vxlan.id, context);
  if (records.length === 0 && !silent) return null;
  const label = stationLabel(node.name, node.netns);
  const hop = nextHop(node, link.name, last.destination.address);
  const far = hop?.mac ? `the MAC ${hop.mac} of the next hop ${hop.address}` : 'the next hop';
  const found = records.slice(0, QUOTED).map((record) =>
    evidence('drop-reason', `${record.reason} in ${record.location}, when a packet left by ${link.name}`, {
      node: node.name,
      file: node.snapshot!.drops!.file,
      line: record.line,
    }),
  );
  if (silent) {
    const text = `the tunnel packets of VNI ${link.vxlan.id} are in the captures, and none that carries it left`;
    found.push(evidence('capture', text, { node: node.name }));
  }
  const why = records.length > 0 ? `: its kernel knew no far end for them (${records[0]!.reason})` : '';
  return {
    words: `${label} handed the ${WHAT[loss.role]} to ${link.name} and sent no VXLAN packet that carries them${why}`,
    evidence: found,
    gap: {
      node: node.name,
      interface: link.name,
      why: `whether ${link.name} has a far end for ${far} is in its forwarding database, which no snapshot has`,
      capture: `bridge fdb show dev '${link.name}'; ip neigh show dev '${link.name}'; ip -s link show dev '${link.name}'`,
    },
  };
}

/** vxlan_xmit() found no remote: a record of its own for each lost packet. */
function targetless(loss: Loss, node: NodeView, family: 4 | 6, context: DiagnosisContext): DropRecord[] {
  const isSuch = (record: DropRecord) =>
    record.reason === 'NO_TX_TARGET' && record.location === 'vxlan_xmit' && isOfFamily(record, family);
  const alike = (node.snapshot!.drops?.records ?? []).filter(isSuch);
  if (!isEachRecorded(loss, alike, context)) return [];
  return nearestDrops(node, timesAt(loss, node, context), isSuch);
}

/** Whether a capture of all interfaces shows the tunnel's packets, and ran when this one would have left. */
function showsTunnel(attempt: Attempt, node: NodeView, vni: number, context: DiagnosisContext): boolean {
  const shown = tunnelCaptures(null, context).get(`${stationLabel(node.name, node.netns)} ${vni}`);
  return node.captures.some(
    (capture) =>
      capture.interfaces === null &&
      shown?.has(capture.capture) === true &&
      capture.firstTime !== null &&
      isRunning(capture, '', firstSightings(attempt), context),
  );
}

/** The captures in which VXLAN packets were seen, by node and VNI. */
const tunnelCaptures = remembered(
  () => null,
  (_: null, { attempts }): ReadonlyMap<string, ReadonlySet<string>> => {
    const found = new Map<string, Set<string>>();
    for (const { traces } of attempts) {
      for (const { point, encapsulations } of traces.flatMap(({ sightings }) => sightings)) {
        const [outer] = encapsulations;
        if (outer?.kind !== 'vxlan') continue;
        const label = stationLabel(point.node, point.netns);
        const key = `${label} ${outer.id}`;
        found.set(key, (found.get(key) ?? new Set()).add(point.capture));
      }
    }
    return found;
  },
);

/** By the node's routes and neighbour entries; null where these do not tell. */
function nextHop(
  { model, snapshot }: NodeView,
  device: string,
  destination: string,
): { address: string; mac: string | null } | null {
  const verdict = model?.output({ source: null, destination });
  if (verdict?.verdict !== 'output' || verdict.dev !== device) return null;
  const address = verdict.via ?? destination;
  const entry = neighbourEntry(snapshot, device, address);
  return { address, mac: entry?.mac ?? null };
}
