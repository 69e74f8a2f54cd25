/** Random rule sets in the running kernel: what becomes of real packets, and of their answers, is what the model says. */
import ava, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { KernelModel } from '../../../src/kernel/model.js';
import { PacketPath } from '../../../src/kernel/netfilter/packet-path.js';
import type { Passage } from '../../../src/kernel/netfilter/passage.js';
import { testInNamespaces } from '../../gates.js';
import { ruleSet } from './nft-arbitrary.js';
import { packetsOf, questionOf, type TestPacket } from './nft-packets.js';
import { PEERS, Router, type Sights } from './nft-router.js';

const test = testInNamespaces('nft', 'sysctl');

/** Rule sets, each with so many packets; `RETURNPATH_NFT_RULE_SETS=500` for a long run, `RETURNPATH_NFT_SEED` for another. */
const RULE_SETS = Number(process.env.RETURNPATH_NFT_RULE_SETS ?? 16);
const PACKETS = 24;
const SEED = Number(process.env.RETURNPATH_NFT_SEED ?? 1);

let router: Router | undefined;
ava.after.always(() => router?.stop());

test('real packets go through random rule sets as the model says', async (t) => {
  t.timeout(3_600_000);
  router ??= await Router.start();
  const ground = await router.snapshot();
  const counts = { packets: 0, answers: 0, unsure: 0, refused: 0, results: new Map<string, number>() };
  for (const [i, rules] of fc.sample(ruleSet, { seed: SEED, numRuns: RULE_SETS }).entries()) {
    const refused = await router.load(rules);
    counts.refused += refused.length;
    const path = new PacketPath(new KernelModel({ ...ground, nft: await router.rules() }));
    const packets = packetsOf(SEED * 1_000_003 + i, PACKETS);
    for (const from of ['a', 'b'] as const) {
      await router.send(
        from,
        packets.filter((packet) => packet.from === from),
      );
    }
    const sights = await router.sights();
    for (const packet of packets) compare(t, rules, path, packet, sights, counts);
  }
  const results = [...counts.results].map(([result, count]) => `${result} ${count}`).join(', ');
  t.log(
    `${counts.packets} packets (${results}), ${counts.answers} answers, ${counts.unsure} unsure, ${counts.refused} lines refused`,
  );
  t.true(counts.packets > RULE_SETS * PACKETS * 0.5, 'most packets get to the router');
});

interface Counts {
  packets: number;
  answers: number;
  unsure: number;
  results: Map<string, number>;
}

function compare(
  t: ExecutionContext,
  rules: string,
  path: PacketPath,
  packet: TestPacket,
  sights: Sights,
  counts: Counts,
): void {
  const own = [...PEERS[packet.from].addresses, ...PEERS[packet.from].strangers] as string[];
  // Such a packet never leaves the peer.
  if (own.includes(packet.destination)) return;
  const passages = path.receive(questionOf(packet), PEERS[packet.from].device);
  if (passages.some((passage) => passage.unknown.length > 0)) {
    counts.unsure++;
    return;
  }
  counts.packets++;
  const seen = seenAs(sights, packet.id);
  const expected = passages.map(expectedOf);
  const why = `${rules}\n${JSON.stringify(packet)}\n${passages.map((p) => p.steps.map((s) => s.text).join('; ')).join('\n')}`;
  t.true(expected.includes(seen), `the kernel: ${seen}\nthe model: ${expected.join(' | ')}\n${why}`);
  const result = seen.split(' ')[0]!;
  counts.results.set(result, (counts.results.get(result) ?? 0) + 1);
  const taken = passages[expected.indexOf(seen)];
  if (taken && expected.filter((one) => one === seen).length === 1) {
    compareAnswer(t, why, path, packet, taken, sights, counts);
  }
}

/** The neighbour that got the packet sends it back. */
function compareAnswer(
  t: ExecutionContext,
  why: string,
  path: PacketPath,
  packet: TestPacket,
  taken: Passage,
  sights: Sights,
  counts: Counts,
): void {
  const { packet: sent, hops, connection } = taken;
  if (taken.result !== 'forward' || packet.protocol !== 'udp' || !connection) return;
  if (!sights.prerouting.has(`reply ${packet.id}`)) return;
  const question = {
    source: sent.destination.text,
    sourcePort: sent.destinationPort,
    destination: sent.source.text,
    destinationPort: sent.sourcePort,
    protocol: 'udp',
    ttl: 64,
  };
  const passages = path.receive(question, hops[0]!.dev, [connection]);
  if (passages.some((passage) => passage.unknown.length > 0)) return;
  counts.answers++;
  const seen = seenAs(sights, `reply ${packet.id}`);
  const expected = passages.map(expectedOf);
  t.true(
    expected.includes(seen),
    `the kernel on the answer: ${seen}\nthe model: ${expected.join(' | ')}\n${why}`,
  );
}

function seenAs(sights: Sights, id: string): string {
  const { input, postrouting } = sights;
  const sight = postrouting.get(id) ?? input.get(id);
  if (!sight) return 'gone';
  const { source, sourcePort, destination, destinationPort, mark, oif } = sight;
  const where = postrouting.has(id) ? `sent ${oif}` : 'delivered';
  return `${where}: ${source} ${sourcePort} to ${destination} ${destinationPort} mark ${mark}`;
}

function expectedOf({ result, packet, hops }: Passage): string {
  if (result !== 'forward' && result !== 'local') return 'gone';
  const { source, sourcePort, destination, destinationPort, mark } = packet;
  const where = result === 'forward' ? `sent ${hops[0]!.dev}` : 'delivered';
  return `${where}: ${source.text} ${sourcePort} to ${destination.text} ${destinationPort} mark ${mark}`;
}
