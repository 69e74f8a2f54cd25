import { setTimeout } from 'node:timers/promises';
import { readSnapshot } from '../../src/ingest/snapshot/snapshot.js';
import { KernelModel } from '../../src/kernel/model.js';
import type { VerdictName } from '../../src/kernel/verdict.js';
import { DEVICES } from './arbitrary.js';
import { DropReasons } from './drop-reasons.js';
import { Actor, frameOf } from './frames.js';
import { Namespace } from './namespace.js';
import { type Question, questionText, type Scenario } from './scenario.js';

/** What the kernel counts of a packet that came in, by `nstat`'s names; the others of `WATCHED` stay as they are. */
const COUNTED: Readonly<Partial<Record<VerdictName, string>>> = {
  local: 'IpInDelivers',
  broadcast: 'IpInDelivers',
  forward: 'IpForwDatagrams',
  'rp-filter': 'TcpExtIPReversePathFilter',
  'no-route': 'IpExtInNoRoutes',
  'forwarding-off': 'IpInAddrErrors',
};
const WATCHED = [
  'IpInDelivers',
  'IpForwDatagrams',
  'TcpExtIPReversePathFilter',
  'IpExtInNoRoutes',
  'IpInAddrErrors',
];

/** Drop reasons that fit. Those of what is refused with an ICMP error have no name of their own. */
const REASONS: Readonly<Partial<Record<VerdictName, readonly string[]>>> = {
  'rp-filter': ['IP_RPFILTER'],
  'martian-source': ['IP_LOCAL_SOURCE', 'IP_INVALID_SOURCE', 'IP_LOCALNET'],
  'martian-destination': ['IP_INVALID_DEST', 'IP_LOCALNET'],
  'no-route': ['IP_INNOROUTES'],
  'forwarding-off': ['IP_INADDRERRORS'],
};
const ROUTING_REASONS = new Set(Object.values(REASONS).flat());

export interface PacketComparison {
  sent: number;
  unsure: number;
  /** Of which the kernel named the reason that it dropped them for, and it fits. */
  reasoned: number;
  verdicts: Map<string, number>;
  mismatches: string[];
}

/** Sends the scenario's packets into a fresh namespace, and holds what it counts against the model's verdicts. */
export async function comparePackets(scenario: Scenario): Promise<PacketComparison> {
  const node = new Namespace();
  const outside = new Namespace();
  const actors: [sender: Actor, counter: Actor] = [new Actor(outside), new Actor(node)];
  let drops: DropReasons | null = null;
  try {
    if (DropReasons.available) drops = new DropReasons(actors[0].pid);
    prepare(node, outside, scenario);
    const model = new KernelModel(readSnapshot(node.files(), 'node1', null, ''));
    return await sendAll(scenario.questions, model, actors, drops);
  } finally {
    node.remove();
    outside.remove();
    await Promise.all([drops?.remove(), ...actors.map((actor) => actor.close())]);
  }
}

async function sendAll(
  questions: readonly Question[],
  model: KernelModel,
  [sender, counter]: [sender: Actor, counter: Actor],
  drops: DropReasons | null,
): Promise<PacketComparison> {
  const into: PacketComparison = { sent: 0, unsure: 0, reasoned: 0, verdicts: new Map(), mismatches: [] };
  for (const asked of questions) {
    // The mark is set inside a node: what comes in by a wire has none.
    const q = { ...asked, mark: 0 };
    const verdict = model.input({ ...q, source: q.from!, destination: q.to, interface: q.iif! });
    const before = await counter.counters();
    await sender.send(q.iif!, frameOf(q, model.link(q.iif!)!.mac!));
    const after = await countersAfter(counter, before);
    const reasons = drops?.take().filter((reason) => ROUTING_REASONS.has(reason)) ?? [];
    into.sent++;
    into.verdicts.set(verdict.verdict, (into.verdicts.get(verdict.verdict) ?? 0) + 1);
    const rose = WATCHED.filter((name) => after[name]! > before[name]!);
    // An error or reset that answers the node itself, or its link, is delivered as well.
    const answer = model.output({ source: null, destination: q.from! }).verdict;
    const answersItself = answer === 'local' || answer === 'broadcast';
    const fits = isCounted(verdict.verdict, rose, answersItself);
    if (verdict.unknown.length > 0) into.unsure++;
    else if (!fits || !isReasoned(verdict.verdict, reasons, answersItself)) {
      const said = `rose: ${rose}; dropped: ${reasons}\n  model: ${verdict.verdict}: ${verdict.why}`;
      into.mismatches.push(`${questionText(q)}\n  ${said}`);
    } else if (reasons.length > 0) into.reasoned++;
  }
  return into;
}

/** A busy machine may take a frame in a while after it was sent. */
async function countersAfter(
  counter: Actor,
  before: Record<string, number>,
): Promise<Record<string, number>> {
  for (let tries = 0; ; tries++) {
    const { IpInReceives } = await counter.counters();
    // Asked for again: it is counted before it is looked at.
    if (IpInReceives! > before.IpInReceives!) return counter.counters();
    if (tries > 1000) throw new Error('the packet did not come in');
    await setTimeout(2);
  }
}

/** The scenario's devices, with their other ends outside, where nobody answers. */
function prepare(node: Namespace, outside: Namespace, { family, links, settings, commands }: Scenario): void {
  const up = links.filter((line) => line.endsWith(' up'));
  outside.sysctl([['net.ipv6.conf.default.disable_ipv6', 1]]);
  node.sysctl([['net.ipv6.conf.default.disable_ipv6', 1]]);
  node.batch(
    DEVICES.map((name) => `link add name ${name} type veth peer name ${name} netns ${outside.name}`),
  );
  outside.batch(DEVICES.map((name) => `link set dev ${name} up`));
  node.batch(up);
  node.awaitLinks();
  node.sysctl(settings);
  node.batch(
    commands.filter((line) => !line.includes(' group ')),
    `-${family}`,
  );
}

function isCounted(verdict: VerdictName, rose: readonly string[], answersItself: boolean): boolean {
  const expected = COUNTED[verdict];
  const others = rose.filter((name) => name !== expected && !(answersItself && name === 'IpInDelivers'));
  return others.length === 0 && (expected === undefined || rose.includes(expected));
}

/** None may be told: of groups the kernel names none, and what another process took in is not seen. */
function isReasoned(verdict: VerdictName, reasons: readonly string[], answersItself: boolean): boolean {
  const expected = REASONS[verdict] ?? [];
  return answersItself || reasons.every((reason) => expected.includes(reason));
}

/** Those that can be sent on a wire: a question that came in by a device that is up. */
export function isPacket(q: Question, { links }: Scenario): boolean {
  return q.iif !== null && q.from !== null && links.includes(`link set dev ${q.iif} up`);
}
