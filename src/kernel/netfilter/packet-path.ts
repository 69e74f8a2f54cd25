import { ipvsDoubt } from '../ipvs.js';
import type { KernelModel } from '../model.js';
import { type Address, toAddress } from '../prefix.js';
import { hasPorts } from '../protocols.js';
import type { Hop, Verdict } from '../verdict.js';
import { filterNode } from './filter-node.js';
import { Hooks } from './hooks.js';
import { type NodeRules, nodeRules, sameRuleFiles } from './node-rules.js';
import type { Connection, FilterPacket } from './packet.js';
import type { PacketQuestion, Passage } from './passage.js';
import { addStep, joinEqual, partWay, startWay, toPassage, type Way } from './way.js';

export interface SendOptions {
  /** The device that the sender is bound to. */
  oif?: string;
  /** Of the sending process. */
  uid?: number;
}

/**
 * The way of a packet through one node: its packet filter, its translations and its routing, in the kernel's
 * order. What the snapshot does not tell is assumed in the packet's favour and listed in the passage's `unknown`.
 *
 * A TCP packet of which the question does not tell `tcp` is taken as a SYN. Packets that another program is handed
 * (NFQUEUE) and bridged packets are not followed, nor is what a VRF's own hooks do.
 */
export class PacketPath {
  private readonly model: KernelModel;
  private readonly rules: Map<4 | 6, NodeRules>;

  /** @param original the same node before a change: the rules that it has read are taken over where they are the same */
  constructor(model: KernelModel, original?: PacketPath) {
    this.model = model;
    const isSame = original && sameRuleFiles(original.model.snapshot, model.snapshot);
    this.rules = isSame ? original.rules : new Map();
  }

  /**
   * What becomes of a packet that comes in.
   *
   * @param interface_ the one that its IP layer sees: of a bridge's port, the bridge
   * @param connections what the node tracks already, as the passages of earlier packets gave it
   * @returns the likeliest way first
   * @throws RangeError where an address is none
   */
  receive(
    question: PacketQuestion & { source: string },
    interface_: string,
    connections: readonly Connection[] = [],
  ): Passage[] {
    const packet = toPacket(question, toAddress(question.source));
    packet.iif = interface_;
    const { start, hooks } = this.enter(packet, connections, interface_);
    const routed = hooks
      .run('prerouting', hooks.run('ingress', [start]))
      .flatMap((way) => (interface_ === 'lo' ? this.routeLooped(way) : this.routeInput(way, interface_)));
    const passing = routed.filter(isForwarded);
    const own = routed.filter((way) => !passing.includes(way));
    const forwarded = hooks.run('postrouting', hooks.run('forward', passing));
    const left = this.emit(forwarded, hooks);
    return finish([...left, ...this.deliver(hooks.run('input', own))]);
  }

  /**
   * What becomes of a packet that the node itself sends. One to an address of its own goes through all hooks of
   * both ways, and ends as `local`.
   *
   * @returns the likeliest way first
   * @throws RangeError where an address is none
   */
  send(
    question: PacketQuestion,
    options: SendOptions = {},
    connections: readonly Connection[] = [],
  ): Passage[] {
    const destination = toAddress(question.destination);
    const unset = toAddress(destination.family === 4 ? '0.0.0.0' : '::');
    const packet = toPacket(question, question.source === null ? unset : toAddress(question.source));
    packet.uid = options.uid ?? null;
    const { start, hooks } = this.enter(packet, connections, this.boundTo(question, options));
    const routed = this.routeOutput(start, { ...options, ...transportOf(packet) });
    const out = hooks.run('output', routed, (way) => {
      // ip_route_me_harder() tells the rules no protocol and no ports.
      const { oif } = options;
      this.applyOutput(way, this.askOutput(way, { oif, protocol: '0', sourcePort: 0, destinationPort: 0 }));
    });
    // The hook itself sees the first route's device up to its end (nf_hook_state.out).
    const left = this.emit(hooks.run('postrouting', out.flatMap(partByDevice)), hooks);
    const isOwn = (way: Way) => !way.end && way.verdict?.verdict === 'local';
    const looped = left.filter(isOwn);
    for (const way of looped) {
      way.packet.iif = 'lo';
      // Its connection was confirmed on the way out, and stays if the packet is dropped on the way in.
      way.unconfirmed = false;
    }
    const back = hooks.run('prerouting', hooks.run('ingress', looped));
    for (const { packet: own } of back) own.oif = null;
    const delivered = this.deliver(hooks.run('input', back));
    return finish([...left.filter((way) => !looped.includes(way)), ...delivered]);
  }

  /** The hook of the device that it leaves by: what has come this far has its connection confirmed, dropped or not. */
  private emit(ways: readonly Way[], hooks: Hooks): Way[] {
    for (const way of ways) {
      if (way.end) continue;
      way.unconfirmed = false;
      const { packet } = way;
      packet.macSource = packet.oif === null ? null : (this.model.link(packet.oif)?.mac ?? null);
    }
    return hooks.run('egress', ways);
  }

  /** IPVS stands behind the last rule of the way in. */
  private deliver(ways: readonly Way[]): readonly Way[] {
    for (const { end, packet, doubts } of ways) {
      const { destination, protocol, destinationPort: port, mark } = packet;
      const to = { address: destination.text, protocol, port, mark };
      const doubt = end ? null : ipvsDoubt(this.model.snapshot, to);
      if (doubt !== null) doubts.add(doubt);
    }
    return ways;
  }

  /** The VRF of what sends it; null where that is bound to none. */
  private boundTo({ source }: PacketQuestion, { oif }: SendOptions): string | null {
    return this.model.vrfOf(oif ?? null) ?? (source === null ? null : this.model.vrfOfAddress(source));
  }

  private enter(
    packet: FilterPacket,
    connections: readonly Connection[],
    device: string | null,
  ): { start: Way; hooks: Hooks } {
    const { chains, unknown, tracks } = this.rulesFor(packet.family);
    const loose = this.model.snapshot.sysctl?.get('net.netfilter.nf_conntrack_tcp_loose');
    const tracking = tracks || connections.length > 0 ? { tcpLoose: loose !== '0' } : null;
    const start = startWay(packet, (doubts, missedSets) => filterNode(this.model, doubts, missedSets));
    for (const line of unknown) start.doubts.add(line);
    const vrf = this.model.vrfOf(device);
    // vrf_l3_rcv() and vrf_ip_out() run hooks of their own.
    if (vrf !== null && chains.length > 0) {
      start.doubts.add(
        `what is in the VRF ${vrf} passes the rules once by its own interface and once by ${vrf}, which is not modelled: only the former is`,
      );
    }
    return { start, hooks: new Hooks(this.model, chains, connections, tracking) };
  }

  private rulesFor(family: 4 | 6): NodeRules {
    let rules = this.rules.get(family);
    if (!rules) {
      rules = nodeRules(this.model.snapshot, family);
      this.rules.set(family, rules);
    }
    return rules;
  }

  /** ip_rcv_finish(), ip6_rcv_finish(), and what ip_forward() does before its hook. */
  private routeInput(way: Way, interface_: string): Way[] {
    if (way.end) return [way];
    const { packet } = way;
    way.doubtsBeforeRoute = [...way.doubts.lines];
    const verdict = this.model.input({
      source: packet.source.text,
      destination: packet.destination.text,
      interface: interface_,
      mark: packet.mark,
      tos: packet.tos,
      ...transportOf(packet),
    });
    takeVerdict(way, verdict);
    if (way.end || verdict.verdict !== 'forward') return [way];
    packet.ttl = Math.max(0, packet.ttl - 1);
    return partByDevice(way);
  }

  /**
   * What the node sends itself comes in with the route that it was sent by (loopback_xmit() keeps it), and neither its
   * addresses nor its source are judged again.
   */
  private routeLooped(way: Way): Way[] {
    if (way.end) return [way];
    const verdict = this.askOutput(way, {});
    if (verdict.verdict !== 'local') return this.routeInput(way, 'lo');
    takeVerdict(way, verdict);
    return [way];
  }

  private routeOutput(way: Way, more: OutputDetails): Way[] {
    const verdict = this.askOutput(way, more);
    this.applyOutput(way, verdict);
    const ways = partByDevice(way);
    for (const one of ways) {
      if (way.end || isSet(one.packet.source)) continue;
      one.packet.source = toAddress(this.chooseSource(one, more) ?? one.packet.source.text);
      if (!isSet(one.packet.source)) one.node.doubt('which source address is chosen is not known');
    }
    return ways;
  }

  private askOutput({ packet }: Way, more: OutputDetails): Verdict {
    return this.model.output({
      source: isSet(packet.source) ? packet.source.text : null,
      destination: packet.destination.text,
      mark: packet.mark,
      tos: packet.tos,
      uid: packet.uid ?? undefined,
      ...more,
    });
  }

  private applyOutput(way: Way, verdict: Verdict): void {
    takeVerdict(way, verdict);
    if (!way.end && verdict.verdict === 'local') way.hops = [{ dev: 'lo', via: null }];
  }

  private chooseSource(way: Way, more: OutputDetails): string | null {
    const oif = way.packet.oif!;
    if (way.verdict!.preferredSource !== null) return way.verdict!.preferredSource;
    const narrowed = this.askOutput(way, { ...more, oif }).preferredSource;
    return narrowed ?? this.model.selectSource(oif, way.packet.destination.text);
  }
}

interface OutputDetails {
  oif?: string;
  uid?: number;
  protocol?: string;
  sourcePort?: number;
  destinationPort?: number;
}

function toPacket(question: PacketQuestion, source: Address): FilterPacket {
  const { protocol } = question;
  const destination = toAddress(question.destination);
  if (destination.family !== source.family && question.source !== null) {
    throw new RangeError(`addresses of two families: ${source.text} and ${destination.text}`);
  }
  const ports = hasPorts(protocol);
  return {
    family: destination.family,
    source,
    destination,
    protocol,
    sourcePort: ports ? (question.sourcePort ?? null) : null,
    destinationPort: ports ? (question.destinationPort ?? null) : null,
    tcp: protocol === 'tcp' ? (question.tcp ?? 'syn') : null,
    icmp: question.icmp ?? null,
    mark: question.mark ?? 0,
    tos: question.tos ?? 0,
    ttl: question.ttl ?? 64,
    length: null,
    iif: null,
    oif: null,
    macSource: question.macSource ?? null,
    uid: null,
    connection: null,
    direction: 'original',
    untracked: false,
  };
}

/** As a question to the routing has them: 0 where the protocol has no ports, absent where they are not known. */
function transportOf(packet: FilterPacket): OutputDetails {
  const { protocol, sourcePort, destinationPort } = packet;
  if (!hasPorts(protocol)) return { protocol, sourcePort: 0, destinationPort: 0 };
  return { protocol, sourcePort: sourcePort ?? undefined, destinationPort: destinationPort ?? undefined };
}

function isSet(address: Address): boolean {
  return address.words.some((word) => word !== 0);
}

const DELIVERED = new Set(['local', 'broadcast', 'forward', 'output']);

function takeVerdict(way: Way, verdict: Verdict): void {
  way.verdict = verdict;
  way.hops = [...verdict.hops];
  for (const line of verdict.unknown) way.doubts.add(line);
  addStep(way, { at: 'routing', text: `${verdict.verdict}: ${verdict.why}`, source: null });
  if (DELIVERED.has(verdict.verdict)) return;
  way.end = { result: 'dropped', drop: { by: 'routing', verdict } };
}

/**
 * A way for each device that the next hops of a route go by: rules tell devices apart. The kernel spreads
 * connections over next hops by a hash, so each hop has its share.
 */
function partByDevice(way: Way): Way[] {
  if (way.end) return [way];
  const byDevice = new Map<string, Hop[]>();
  for (const hop of way.hops) byDevice.set(hop.dev, [...(byDevice.get(hop.dev) ?? []), hop]);
  if (byDevice.size === 0) return [way];
  const total = way.hops.length;
  return [...byDevice].map(([device, hops]) => {
    const one = byDevice.size === 1 ? way : partWay(way, hops.length / total);
    one.hops = hops;
    one.packet.oif = device;
    return one;
  });
}

function isForwarded(way: Way): boolean {
  return !way.end && way.verdict?.verdict === 'forward';
}

function finish(ways: readonly Way[]): Passage[] {
  for (const way of ways) {
    if (way.end) continue;
    const verdict = way.verdict!.verdict as 'local' | 'broadcast' | 'forward' | 'output';
    const leaves = verdict === 'broadcast' && way.packet.oif !== null;
    way.end = { result: leaves ? 'output' : verdict, drop: null };
  }
  return joinEqual(ways)
    .map(toPassage)
    .sort((a, b) => b.chance - a.chance);
}
