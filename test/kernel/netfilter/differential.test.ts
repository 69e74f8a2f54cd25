import { testInNamespaces } from '../../gates.js';
import { DEVICES, Draw, IPV4, IPV6, routing, settings } from './arbitrary-rules.js';
import { assertAlike, compareRules, newComparison } from './comparison.js';
import { PacketGround } from './ground.js';

const test = testInNamespaces('iptables-nft-restore', 'iptables-legacy-restore', 'nft', 'tcpdump');

// Random rules against the running kernel, with real packets. RETURNPATH_FILTER_GROUNDS asks for more than the
// few that a check can wait for, RETURNPATH_FILTER_SEED for others.
const GROUNDS = Number(process.env.RETURNPATH_FILTER_GROUNDS ?? 3);
const SEED = Number(process.env.RETURNPATH_FILTER_SEED ?? 1);
const RULE_SETS = 8;
const PACKETS = 14;

for (let ground = SEED; ground < SEED + GROUNDS; ground++) {
  test(`packets go through random rules as the kernel lets them, ground ${ground}`, async (t) => {
    const comparison = newComparison();
    const draw = new Draw(ground);
    const pool = ground % 3 === 0 ? IPV6 : IPV4;
    const router = await PacketGround.make(DEVICES, routing(draw), settings(draw));
    try {
      const snapshot = router.snapshot();
      for (let i = 0; i < RULE_SETS; i++) {
        await compareRules(router, snapshot, pool, ground * 1000 + i, PACKETS, comparison);
      }
    } finally {
      router.remove();
    }
    assertAlike(t, comparison, RULE_SETS);
  });
}
