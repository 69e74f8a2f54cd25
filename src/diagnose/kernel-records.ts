/**
 * The kernel's own records of drops, matched to packets. Its clocks (printk's, the trace clock, `/proc/uptime`)
 * drift apart from the capture's by tens to hundreds of milliseconds: content decides, time within a window.
 */
import type { DropRecord, MartianRecord } from '../model/snapshot.js';
import { isZoneApart, type Nanoseconds } from '../model/time.js';
import type { NodeView } from './context.js';

/** A quarter of a second was measured between a martian line's stamp and its packet; SYNs are 1 s apart. */
const LOG_WINDOW: Nanoseconds = 2_000_000_000n;

/** A drop record tells no addresses, so its time has to say more. Up to 50 ms were measured. */
const DROP_WINDOW: Nanoseconds = 400_000_000n;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_ARP = 0x0806;

export interface PacketWords {
  source: string;
  /** As it was on the wire, and as NAT may have made it. */
  destinations: readonly string[];
  /** Null: any. */
  interface: string | null;
  /** When packets were lost, by this node's clock; empty where that is not known. */
  times: readonly Nanoseconds[];
}

/**
 * The martian lines of a node's log that are about the packet.
 *
 * @param what `arp`: those of ARP requests from the packet's source for the destinations
 */
export function matchMartians(
  node: NodeView,
  packet: PacketWords,
  what: 'ipv4' | 'arp' = 'ipv4',
): MartianRecord[] {
  return (node.snapshot?.kernelLog?.martians ?? []).filter(
    (line) =>
      line.source === packet.source &&
      packet.destinations.includes(line.destination) &&
      (packet.interface === null || line.interface === packet.interface) &&
      isOfNode(node, line, what) &&
      near(line, packet.times),
  );
}

/** The lines of a node's log about IPv4 packets of its own that it knows the times of. */
export function datedMartians(node: NodeView): MartianRecord[] {
  const lines = node.snapshot?.kernelLog?.martians ?? [];
  return lines.filter((line) => isDated(line) && isOfNode(node, line, 'ipv4'));
}

function isOfNode(node: NodeView, line: MartianRecord, what: 'ipv4' | 'arp'): boolean {
  if (line.kind !== 'source') return false;
  // An ARP request from an address that fails the check is logged in the same words.
  const isAsked =
    what === 'arp'
      ? line.etherType === ETHERTYPE_ARP
      : line.etherType === null || line.etherType === ETHERTYPE_IPV4;
  return isAsked && (isBroadcast(line) || isOwnFrame(node, line));
}

/** Whether a line can be matched to packets by its time as well, not by its addresses alone. */
export function isDated(line: MartianRecord): boolean {
  return line.time !== null;
}

/**
 * Every network namespace writes into the one log of its machine: the frame's destination tells whose drop it
 * was. Links without MACs, and nodes whose MACs were not given, leave it open.
 */
function isOwnFrame(node: NodeView, line: MartianRecord): boolean {
  if (line.linkDestination === null || !node.snapshot?.links) return true;
  return (node.model?.interfacesWithMac(line.linkDestination).length ?? 0) > 0;
}

/**
 * Of each time at which a packet was lost, the drop record nearest to it.
 *
 * @param isConcerned which records may be of the packet; those of whatever reason, where it is left out
 */
export function nearestDrops(
  node: NodeView,
  times: readonly Nanoseconds[],
  isConcerned: (record: DropRecord) => boolean = () => true,
): DropRecord[] {
  const placed = (node.snapshot?.drops?.records ?? []).filter(
    (record) => record.time !== null && isConcerned(record),
  );
  const matched = new Set<DropRecord>();
  for (const time of times) {
    let nearest: DropRecord | null = null;
    for (const record of placed) {
      if (apart(record.time!, time) > DROP_WINDOW) continue;
      if (nearest === null || apart(record.time!, time) < apart(nearest.time!, time)) nearest = record;
    }
    if (nearest) matched.add(nearest);
  }
  return [...matched];
}

function apart(a: Nanoseconds, b: Nanoseconds): Nanoseconds {
  return a < b ? b - a : a - b;
}

/** A time that cannot be placed on the wall clock, or has nothing to be compared with, does not speak against. */
function near(line: MartianRecord, times: readonly Nanoseconds[]): boolean {
  const { time } = line;
  if (time === null || times.length === 0) return true;
  const window = BigInt(logWindow(line));
  return times.some((t) => {
    return line.zoneKnown ? apart(t, time) <= window : isZoneApart(time - t, window);
  });
}

/** How far a line's time and its packet's may be apart, ns. */
export function logWindow({ timeUncertaintyNs }: MartianRecord): number {
  return Number(LOG_WINDOW) + Math.round(timeUncertaintyNs);
}

/** As ARP requests are, which names no node. */
function isBroadcast({ linkDestination }: MartianRecord): boolean {
  return linkDestination === 'ff:ff:ff:ff:ff:ff';
}

/** Counts what the reverse-path check drops. */
export const REVERSE_PATH_COUNTER = 'TcpExtIPReversePathFilter';

/** How far a counter rose while capturing; null where it was not read before and after. */
export function counterRise(node: NodeView, counter: string): number | null {
  const before = node.snapshot?.countersBefore?.values.get(counter);
  const after = node.snapshot?.countersAfter?.values.get(counter);
  return before === undefined || after === undefined ? null : after - before;
}
