import { readIpSets } from '../../../src/ingest/snapshot/text/ipset.js';
import { testInNamespaces } from '../../gates.js';
import { DEVICES, Draw, IPV4, IPV6, routing, settings } from './arbitrary-rules.js';
import { arbitrarySets, setMatch } from './arbitrary-sets.js';
import { assertAlike, compareRules, newComparison } from './comparison.js';
import { PacketGround } from './ground.js';

const test = testInNamespaces('iptables-nft-restore', 'iptables-legacy-restore', 'nft', 'tcpdump', 'ipset');

const GROUNDS = Number(process.env.RETURNPATH_IPSET_GROUNDS ?? 2);
const SEED = Number(process.env.RETURNPATH_IPSET_SEED ?? 1);
const RULE_SETS = 8;
const PACKETS = 14;

for (let ground = SEED; ground < SEED + GROUNDS; ground++) {
  test(`packets are in random sets as the kernel has them, ground ${ground}`, async (t) => {
    const comparison = newComparison();
    const draw = new Draw(ground);
    const pool = ground % 2 === 0 ? IPV6 : IPV4;
    const router = await PacketGround.make(DEVICES, routing(draw), settings(draw));
    try {
      const { commands, names } = arbitrarySets(draw, pool);
      router.run('ipset', ['-exist', 'restore'], commands);
      const saved = router.run('ipset', draw.chance(50) ? ['save'] : ['list']);
      const ipsets = readIpSets(saved, 'ipset.txt', (message) => t.fail(message));
      const snapshot = { ...router.snapshot(), ipsets };
      const more = [(each: Draw) => setMatch(each, names)];
      for (let i = 0; i < RULE_SETS; i++) {
        await compareRules(router, snapshot, pool, ground * 1000 + i, PACKETS, comparison, more);
      }
    } finally {
      router.remove();
    }
    assertAlike(t, comparison, RULE_SETS);
  });
}
