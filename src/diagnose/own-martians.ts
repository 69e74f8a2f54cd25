import type { Attempt } from '../correlate/attempt.js';
import type { MartianRecord } from '../model/snapshot.js';
import type { DiagnosisContext, NodeView } from './context.js';
import { datedMartians, logWindow } from './kernel-records.js';
import { type OwnedPacket, type Shares, shareLines } from './line-shares.js';
import { logShift, nearestOf } from './log-shift.js';
import { lastSightings, lossOf } from './loss.js';
import { placeAfter, routedDestinations } from './place.js';
import { remembered } from './ways/remembered.js';

/** The martian lines about an attempt's lost packets. */
export interface OwnMartians {
  own: MartianRecord[];
  /** About one of several packets that were lost at one time, which may be another attempt's. */
  shared: MartianRecord[];
}

/**
 * Which of a node's martian lines are an attempt's own, where all packets that may have caused them are weighed: lines
 * name no port, and one is of one packet.
 *
 * @param name the interface of the node that the packets were lost behind
 * @returns null where that cannot be told: the attempt lost no packet there, or the lines' times are not exact enough
 */
export function ownMartians(
  attempt: Attempt,
  node: NodeView,
  name: string,
  context: DiagnosisContext,
): OwnMartians | null {
  const told = sharesAt(node, context)
    .get(name)
    ?.flatMap(({ shares, lines }) => {
      const found = shares.get(attempt);
      const linesOf = (groups: Shares['own']) => groups.flat().map((i) => lines[i]!);
      return found ? [{ own: linesOf(found.own), shared: linesOf(found.shared) }] : [];
    });
  if (!told || told.length === 0) return null;
  return { own: told.flatMap(({ own }) => own), shared: told.flatMap(({ shared }) => shared) };
}

/** By interface: of each pool that could be told. */
type NodeShares = ReadonlyMap<string, ToldPool[]>;

interface ToldPool {
  shares: ReadonlyMap<Attempt, Shares>;
  lines: MartianRecord[];
}

interface Lost extends OwnedPacket<Attempt> {
  destinations: readonly string[];
}

/** Packets of one source by one interface, and the lines about such, of destinations that the packets have in common. */
interface MartianPool {
  name: string;
  packets: Lost[];
  lines: { line: MartianRecord; time: number }[];
}

const sharesAt = remembered((node: NodeView) => node, work);

function work(node: NodeView, context: DiagnosisContext): NodeShares {
  const lines = datedMartians(node);
  const pools = lines.length === 0 ? [] : poolsOf(node, lines, context);
  const { shift, fits } = logShift(
    pools.map(({ packets, lines }) => ({
      packets: packets.map(({ time }) => time),
      lines: lines.map(({ time }) => time),
    })),
    lines.reduce((most, { timeUncertaintyNs }) => Math.max(most, timeUncertaintyNs), 0),
  );
  const told = new Map<string, ToldPool[]>();
  if (!fits) return told;
  for (const { name, packets, lines: near } of pools) {
    if (near.some(({ line }) => isCoarse(line))) continue;
    const shares = shareLines(
      packets,
      near.map(({ time }) => time + shift),
    );
    const known = told.get(name) ?? [];
    known.push({ shares, lines: near.map(({ line }) => line) });
    told.set(name, known);
  }
  return told;
}

/** In whole seconds, or in a zone that nothing tells. */
function isCoarse({ time, zoneKnown }: MartianRecord): boolean {
  return !zoneKnown || time! % 1_000_000_000n === 0n;
}

function poolsOf(node: NodeView, lines: readonly MartianRecord[], context: DiagnosisContext): MartianPool[] {
  const sources = new Set(lines.map(({ source }) => source));
  const base = lines[0]!.time!;
  const lostBy = new Map<string, Lost[]>();
  for (const attempt of context.attempts) {
    const loss = lossOf(attempt);
    const source = loss?.last.source.address;
    if (!loss || source === undefined || !sources.has(source)) continue;
    const destinations = routedDestinations(attempt, loss, context);
    const beside = lastSightings(loss);
    for (const { sightings } of loss.traces) {
      const last = sightings.at(-1)!;
      const place = placeAfter(last, context);
      if (place?.node !== node || place.interface === null) continue;
      // Captured there and not seen: it did not arrive.
      if (!place.seen && context.watches(node, beside)) continue;
      const time = context.clocks.timeAt(node.name, last);
      if (time === null) continue;
      const key = `${place.interface}\n${source}`;
      const lost = { owner: attempt, time: Number(time - base), destinations };
      const known = lostBy.get(key);
      if (known) known.push(lost);
      else lostBy.set(key, [lost]);
    }
  }
  return [...lostBy].flatMap(([key, lost]) => {
    const [name, source] = key.split('\n') as [string, string];
    const own = lines.filter((line) => line.interface === name && line.source === source);
    return byDestinations(lost).map((packets) => {
      packets.sort((a, b) => a.time - b.time);
      const destinations = new Set<string>();
      for (const packet of packets) for (const address of packet.destinations) destinations.add(address);
      const times = packets.map(({ time }) => time);
      const near = own
        .filter(({ destination }) => destinations.has(destination))
        .map((line) => ({ line, time: Number(line.time! - base) }))
        .filter(({ line, time }) => {
          // In a zone that nothing tells, it may be of any of them.
          const nearest = line.zoneKnown ? nearestOf(times, time) : null;
          return nearest === null || Math.abs(times[nearest]! - time) <= logWindow(line);
        });
      return { name, packets, lines: near };
    });
  });
}

/** Parts packets whose destinations, also as they were translated to, have none in common. */
function byDestinations(lost: readonly Lost[]): Lost[][] {
  const parents = new Map<string, string>();
  const rootOf = (address: string): string => {
    const parent = parents.get(address);
    return parent === undefined || parent === address ? address : rootOf(parent);
  };
  for (const { destinations } of lost) {
    for (const address of destinations) parents.set(rootOf(address), rootOf(destinations[0]!));
  }
  const parts = new Map<string, Lost[]>();
  for (const one of lost) {
    const root = rootOf(one.destinations[0]!);
    const part = parts.get(root);
    if (part) part.push(one);
    else parts.set(root, [one]);
  }
  return [...parts.values()];
}
