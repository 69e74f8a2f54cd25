import type { KernelModel } from '../model.js';
import { endText, isTaken, type TrackingSettings, track, translate } from './conntrack.js';
import { filterAtDevice } from './device-hooks.js';
import { hasMoved, natHalf, settle } from './nat.js';
import type { Connection } from './packet.js';
import { type BaseChain, type Hook, isDeviceHook, type RuleSource } from './rule-set.js';
import { type ChainEnd, walkChain } from './rule-walk.js';
import { addStep, joinEqual, type Way } from './way.js';

/** NF_IP_PRI_CONNTRACK, NF_IP_PRI_NAT_DST, NF_IP_PRI_NAT_SRC: the kernel's own places in a hook. */
const CONNTRACK = -200;
const NAT_DESTINATION = -100;
const NAT_SOURCE = 100;

/** Routes a packet of the node's own anew, as it was changed (ip_route_me_harder). */
export type Reroute = (way: Way) => void;

interface Stage {
  priority: number;
  run: (way: Way) => Way[];
}

/** The hooks of one family on one node, for one packet's passage. */
export class Hooks {
  private readonly model: KernelModel;
  private readonly chains: readonly BaseChain[];
  private readonly connections: readonly Connection[];
  /** Null where nothing makes the kernel track connections. */
  private readonly tracking: TrackingSettings | null;

  constructor(
    model: KernelModel,
    chains: readonly BaseChain[],
    connections: readonly Connection[],
    tracking: TrackingSettings | null,
  ) {
    this.model = model;
    this.chains = chains;
    this.connections = connections;
    this.tracking = tracking;
  }

  /**
   * Takes ways that are still on through a hook, its stages in the order of their priority.
   *
   * @param reroute of the output hook: asked for where a packet's address or mark changed
   */
  run(hook: Hook, ways: readonly Way[], reroute?: Reroute): Way[] {
    let now = [...ways];
    for (const stage of this.stages(hook, reroute)) {
      now = joinEqual(now.flatMap((way) => (way.end ? [way] : stage.run(way))));
    }
    return now;
  }

  private stages(hook: Hook, reroute: Reroute | undefined): Stage[] {
    const chains = this.chains.filter((base) => base.hook === hook);
    const stages: Stage[] = [];
    if (this.tracking && !isDeviceHook(hook)) {
      if (hook === 'prerouting' || hook === 'output') {
        stages.push({ priority: CONNTRACK, run: (way) => this.track(way) });
      }
      if (hook !== 'forward') {
        const nat = chains.filter((base) => base.type === 'nat').sort((a, b) => a.priority - b.priority);
        const priority = natHalf(hook) === 'destination' ? NAT_DESTINATION : NAT_SOURCE;
        stages.push({ priority, run: (way) => this.translate(hook, nat, way, reroute) });
      }
    }
    for (const base of chains) {
      if (base.type === 'nat') continue;
      stages.push({ priority: base.priority, run: (way) => this.filter(base, way, reroute) });
    }
    return stages.sort((a, b) => a.priority - b.priority);
  }

  private track(way: Way): Way[] {
    const { packet } = way;
    const wasTracked = packet.connection !== null;
    if (track(packet, this.connections, this.tracking!)) way.unconfirmed = true;
    else if (packet.connection && !wasTracked) {
      way.bound = { destination: true, source: true };
      const text = `belongs to a known connection (${packet.connection.state}, ${packet.direction} direction)`;
      addStep(way, { at: 'conntrack', text, source: null });
    }
    return [way];
  }

  /** A chain of type filter or route. */
  private filter(base: BaseChain, way: Way, reroute: Reroute | undefined): Way[] {
    const before = routingKey(way);
    const outcomes = isDeviceHook(base.hook) ? filterAtDevice(this.model, base, way) : walkChain(base, way);
    return outcomes.map((outcome) => {
      endAt(base.hook, outcome.way, outcome.end);
      const goesOn = !outcome.way.end && base.type === 'route' && base.hook === 'output';
      if (goesOn && routingKey(outcome.way) !== before) reroute?.(outcome.way);
      return outcome.way;
    });
  }

  /** nf_nat_inet_fn(): rules decide for a new connection, and for others what it was given. */
  private translate(
    hook: Hook,
    chains: readonly BaseChain[],
    start: Way,
    reroute: Reroute | undefined,
  ): Way[] {
    if (!start.packet.connection) return [start];
    const half = natHalf(hook);
    let open = start.bound[half] ? [] : [start];
    const settled = start.bound[half] ? [start] : [];
    for (const base of chains) {
      const outcomes = open.flatMap((way) => walkChain(base, way));
      open = [];
      for (const { way, end } of outcomes) {
        if (end.kind === 'accept') open.push(way);
        else {
          if (end.kind !== 'nat') endAt(hook, way, end);
          else this.settle(base, way, end);
          settled.push(way);
        }
      }
    }
    for (const way of [...settled, ...open]) {
      const isNew = !way.bound[half];
      way.bound[half] = true;
      if (isNew && half === 'source' && isTaken(way.packet.connection!, this.connections)) {
        const end = endText(way.packet, 'source');
        way.node.doubt(`another connection has ${end} already: the source port that is picked is not known`);
      }
      if (!way.end) this.apply(hook, way, reroute);
    }
    return [...settled, ...open];
  }

  private settle(base: BaseChain, way: Way, end: ChainEnd & { kind: 'nat' }): void {
    if (settle(this.model, way, base.hook, end.verdict)) {
      const text = translate(way.packet, natHalf(base.hook));
      if (text !== null) addStep(way, { at: base.hook, text, source: end.rule });
      return;
    }
    const device = end.verdict.kind === 'masquerade' ? way.packet.oif : way.packet.iif;
    dropNat(base.hook, way, `${device} has no address to use`, base.chain.name, end.rule);
  }

  /** nf_nat_packet(), and for own packets the new route that goes with it (nf_nat_ipv4_local_fn). */
  private apply(hook: Hook, way: Way, reroute: Reroute | undefined): void {
    const { packet } = way;
    if (hasMoved(hook, way)) {
      const from = packet.connection!.masqueradedFor;
      dropNat(hook, way, `${way.packet.oif} is not ${from}, which it was masqueraded for`, 'conntrack', null);
      return;
    }
    const text = translate(packet, natHalf(hook));
    if (text !== null) addStep(way, { at: 'conntrack', text, source: null });
    const { connection, direction } = packet;
    if (hook !== 'output' || !connection) return;
    const [mine, other] =
      direction === 'original'
        ? [connection.original, connection.reply]
        : [connection.reply, connection.original];
    if (mine.destination.text !== other.source.text) reroute?.(way);
  }
}

/** What ipt_mangle_out() and nf_route_table_hook4() compare: a change of it has a packet routed anew. */
function routingKey({ packet }: Way): string {
  const more = packet.family === 6 ? packet.ttl : '';
  return `${packet.source.text} ${packet.destination.text} ${packet.mark} ${packet.tos} ${more}`;
}

function dropNat(hook: Hook, way: Way, why: string, chain: string, rule: RuleSource | null): void {
  addStep(way, { at: hook, text: `dropped: ${why}`, source: rule });
  const drop = { by: 'netfilter' as const, hook, chain, rule, answer: null, check: false };
  way.end = { result: 'dropped', drop };
}

function endAt(hook: Hook, way: Way, end: ChainEnd): void {
  if (end.kind === 'queue' || end.kind === 'stolen') way.end = { result: 'queued', drop: null };
  if (end.kind !== 'drop') return;
  const { chain, rule, answer, check } = end;
  way.end = { result: 'dropped', drop: { by: 'netfilter', hook, chain, rule, answer, check } };
}
