import type { ExecutionContext } from 'ava';
import { KernelModel } from '../../../src/kernel/model.js';
import type { Connection } from '../../../src/kernel/netfilter/packet.js';
import { PacketPath } from '../../../src/kernel/netfilter/packet-path.js';
import type { PacketQuestion, Passage } from '../../../src/kernel/netfilter/passage.js';
import type { Snapshot } from '../../../src/model/snapshot.js';
import { DEVICES, Draw, firstPacket, type MoreMatches, type Pool, rules } from './arbitrary-rules.js';
import { payload, type TestPacket } from './frames.js';
import type { PacketGround } from './ground.js';
import type { Sighting } from './observer.js';

export interface Comparison {
  packets: number;
  /** Left out, as the model says itself that it had to assume something. */
  unsure: number;
  refused: number;
  results: Map<string, number>;
  mismatches: string[];
}

export function newComparison(): Comparison {
  return { packets: 0, unsure: 0, refused: 0, results: new Map(), mismatches: [] };
}

/** That the kernel did with each packet what the model says, and that enough was compared. */
export function assertAlike(t: ExecutionContext, comparison: Comparison, ruleSets: number): void {
  const { packets, unsure, refused, results, mismatches } = comparison;
  t.log(`${packets} packets, ${unsure} unsure, ${refused} rule sets refused`, Object.fromEntries(results));
  t.deepEqual(mismatches, []);
  t.true(unsure < packets / 10, 'what rests on assumptions is not compared');
  t.true(refused <= ruleSets / 2);
}

type Seen = (Sighting & { device: string | null }) | undefined;

interface Asked {
  packet: TestPacket;
  /** Null for one of the router's own. */
  device: string | null;
  connections: readonly Connection[];
  passages: Passage[];
}

/** Loads one random rule set, sends packets and what answers them, and compares what becomes of them. */
export async function compareRules(
  ground: PacketGround,
  snapshot: Snapshot,
  pool: Pool,
  seed: number,
  packets: number,
  into: Comparison,
  more: MoreMatches = [],
): Promise<void> {
  const draw = new Draw(seed);
  const backend = draw.chance(50) ? 'nft' : 'legacy';
  const text = rules(draw, pool, more);
  if (!ground.restore(pool.family, backend, text)) {
    into.refused++;
    return;
  }
  const saved = ground.save(pool.family, backend, ...(draw.chance(30) ? ['-c'] : []));
  const field = pool.family === 4 ? 'iptables' : 'ip6tables';
  const path = new PacketPath(new KernelModel({ ...snapshot, [field]: saved }));
  const round = new Round(ground, path, into, `seed ${seed} (${backend})\n${saved}`);
  for (let i = 0; i < packets; i++) {
    if (draw.chance(75)) {
      const { packet, device } = firstPacket(draw, pool, round.nextId());
      await round.receive(packet, device, []);
    } else await round.send(ownPacket(draw, pool, round.nextId()), []);
  }
  const first = await round.compare();
  for (const { asked, passage, seen } of first) {
    const answer = answerTo(asked, passage, seen, round.nextId());
    if (!answer) continue;
    const { connection } = passage;
    const known = connection ? [connection] : [];
    if (answer.device !== null) {
      const device = draw.chance(85) ? answer.device : draw.pick(DEVICES);
      await round.receive(answer.packet, device, known);
    } else if (answer.packet.protocol === 'udp') await round.send(answer.packet, known);
  }
  const second = await round.compare();
  const answered = new Set(round.known);
  for (const { asked, passage } of second) {
    const { connection } = passage;
    const again = first.find(({ seen }) => seen !== undefined && isAnswered(seen.packet!, asked.packet));
    if (!connection || !again || again.asked.device === null) continue;
    // The router's own reset has ended it.
    if (passage.result === 'local' && asked.packet.protocol === 'tcp') continue;
    const tcp = again.asked.packet.tcp === null ? null : ('ack' as const);
    await round.receive({ ...again.asked.packet, id: round.nextId(), tcp }, again.asked.device, [connection]);
  }
  // The client's next packet, where no answer came through.
  for (const { asked, passage } of first) {
    // The router itself answers what is delivered with a reset.
    if (asked.device === null || passage.result !== 'forward' || asked.packet.tcp !== 'syn') continue;
    if (!passage.connection || !draw.chance(50)) continue;
    if (answered.has(passage.connection)) continue;
    const tcp = draw.pick(['syn', 'ack'] as const);
    await round.receive({ ...asked.packet, id: round.nextId(), tcp }, asked.device, [passage.connection]);
  }
  await round.compare();
}

function isAnswered(first: TestPacket, answer: TestPacket): boolean {
  return (
    first.source === answer.destination &&
    first.destination === answer.source &&
    first.sourcePort === answer.destinationPort
  );
}

/** Ids are also source ports, so that no two connections of a ground are alike. */
let ids = 0;

class Round {
  private readonly ground: PacketGround;
  private readonly path: PacketPath;
  private readonly into: Comparison;
  private readonly about: string;
  private asked: Asked[] = [];
  /** Connections that more than their first packet was sent of. */
  readonly known: Connection[] = [];

  constructor(ground: PacketGround, path: PacketPath, into: Comparison, about: string) {
    this.ground = ground;
    this.path = path;
    this.into = into;
    this.about = about;
  }

  nextId(): number {
    return ids++;
  }

  async receive(packet: TestPacket, device: string, connections: readonly Connection[]): Promise<void> {
    const question = { ...questionOf(packet), macSource: this.ground.macSource };
    const passages = this.path.receive({ ...question, source: packet.source }, device, connections);
    this.asked.push({ packet, device, connections, passages });
    this.known.push(...connections);
    await this.ground.inject(packet, device);
  }

  async send(packet: TestPacket, connections: readonly Connection[]): Promise<void> {
    const source = packet.source === '' ? null : packet.source;
    const question = { ...questionOf(packet), source };
    const passages = this.path.send(question, { uid: 0 }, connections);
    const family = packet.destination.includes(':') ? 6 : 4;
    const error = await this.ground.send({
      family,
      source,
      sourcePort: packet.sourcePort!,
      destination: packet.destination,
      destinationPort: packet.destinationPort!,
      data: payload(packet.id).toString('base64'),
    });
    // A socket cannot be bound to an address or port that is none of the node's, or in use.
    if (error === 'EADDRNOTAVAIL' || error === 'EADDRINUSE') return;
    this.asked.push({ packet, device: null, connections, passages });
  }

  /** @returns what was seen, each with the passage that it is */
  async compare(): Promise<{ asked: Asked; passage: Passage; seen: Seen }[]> {
    const seen = await this.ground.observed();
    const found: { asked: Asked; passage: Passage; seen: Seen }[] = [];
    for (const asked of this.asked) {
      const sighting = seen.get(asked.packet.id);
      const passage = this.judge(asked, sighting);
      if (passage) found.push({ asked, passage, seen: sighting });
    }
    this.asked = [];
    return found;
  }

  private judge(asked: Asked, sighting: Seen): Passage | null {
    const { passages, packet } = asked;
    this.into.packets++;
    if (passages.some(({ unknown }) => unknown.length > 0)) {
      this.into.unsure++;
      return null;
    }
    const is = outcomeOf(sighting);
    const passage = passages.find((one) => passageOutcome(one) === is);
    const total = passages.reduce((sum, { chance }) => sum + chance, 0);
    if (passage && Math.abs(total - 1) < 1e-6) {
      const key = passage.drop?.by === 'routing' ? passage.drop.verdict.verdict : passage.result;
      this.into.results.set(key, (this.into.results.get(key) ?? 0) + 1);
      return passage;
    }
    const said = passages.map((one) => `${one.chance} ${passageOutcome(one)}\n${stepsText(one)}`);
    this.into.mismatches.push(
      `${this.about}\npacket: ${JSON.stringify(packet)} by ${asked.device}, known: ${JSON.stringify(asked.connections)}\nkernel: ${is}\nmodel: ${said.join('\n')}`,
    );
    return null;
  }
}

function questionOf(packet: TestPacket): PacketQuestion {
  const { source, destination, protocol, sourcePort, destinationPort, tcp, icmp, tos, ttl } = packet;
  return { source, destination, protocol, sourcePort, destinationPort, tcp, icmp, tos, ttl };
}

function outcomeOf(seen: Seen): string {
  // What is on its way to the node itself passes postrouting first.
  if (!seen || (seen.at === 'out' && seen.device === 'lo')) return 'gone';
  const { packet, mark, at, device } = seen;
  return text(at === 'in' ? 'in' : `out by ${device}`, packet!, mark);
}

function passageOutcome({ result, packet, hops }: Passage): string {
  if (result === 'dropped' || result === 'queued') return 'gone';
  const { source, destination, mark } = packet;
  const place = result === 'local' || result === 'broadcast' ? 'in' : `out by ${hops[0]!.dev}`;
  return text(place, { ...packet, source: source.text, destination: destination.text }, mark);
}

type Ends = Pick<TestPacket, 'source' | 'destination' | 'sourcePort' | 'destinationPort' | 'tos' | 'ttl'>;

function text(place: string, packet: Ends, mark: number): string {
  const { source, sourcePort, destination, destinationPort, tos, ttl } = packet;
  return `${place}: ${source} ${sourcePort} > ${destination} ${destinationPort} mark ${mark} tos ${tos} ttl ${ttl}`;
}

function stepsText({ steps }: Passage): string {
  return steps.map((step) => `   ${step.at} ${step.text} ${step.source?.line ?? ''}`).join('\n');
}

/** What whoever got the packet sends back; `device` is null where that is the router itself. */
function answerTo(
  asked: Asked,
  passage: Passage,
  seen: Seen,
  id: number,
): { packet: TestPacket; device: string | null } | null {
  if (!seen || outcomeOf(seen) === 'gone') return null;
  const got = seen.packet!;
  const isOwnLoop = asked.device === null && seen.at === 'in';
  const isQuery = got.icmp === null || got.icmp.type === 8 || got.icmp.type === 128;
  if (isOwnLoop || !isQuery || passage.result === 'broadcast') return null;
  const packet: TestPacket = {
    ...got,
    id,
    source: got.destination,
    destination: got.source,
    sourcePort: got.destinationPort,
    destinationPort: got.sourcePort,
    tcp: got.tcp === 'syn' ? 'syn-ack' : got.tcp && 'ack',
    icmp: got.icmp && { type: got.icmp.type === 8 ? 0 : 129, code: 0 },
    tos: 0,
    ttl: 64,
  };
  return { packet, device: seen.at === 'in' ? null : seen.device };
}

function ownPacket(draw: Draw, pool: Pool, id: number): TestPacket {
  return {
    id,
    source: draw.chance(50) ? '' : draw.pick(pool.own),
    destination: draw.pick([...pool.virtual, ...pool.peers.flat(), ...pool.own.slice(0, 2)]),
    protocol: 'udp',
    sourcePort: 20000 + (id % 40000),
    destinationPort: draw.pick([53, 80, 8080]),
    tcp: null,
    icmp: null,
    echo: 0,
    tos: 0,
    ttl: 64,
  };
}
