import { KernelModel } from '../../../src/kernel/model.js';
import { PacketPath } from '../../../src/kernel/netfilter/packet-path.js';
import { testInNamespaces } from '../../gates.js';
import { DEVICES, Draw, IPV4, IPV6, routing, settings } from './arbitrary-rules.js';
import type { TestPacket } from './frames.js';
import { PacketGround } from './ground.js';

const test = testInNamespaces('iptables-legacy-restore', 'nft', 'tcpdump');

const OPTIONS = ['--loose', '--validmark', '--accept-local', '--invert'];
const VARIANTS = Array.from({ length: 16 }, (_, bits) => OPTIONS.filter((_, i) => bits & (1 << i)).join(' '));
const PACKETS = 40;

for (const pool of [IPV4, IPV6]) {
  const groups = pool.family === 4 ? ['224.0.0.9', '239.1.2.3', '255.255.255.255'] : ['ff02::9', 'ff0e::1'];
  test(`every variant of rpfilter matches as in the kernel, IPv${pool.family}`, async (t) => {
    const draw = new Draw(pool.family);
    const ground = await PacketGround.make(DEVICES, [...routing(draw), ...MARKED], settings(draw));
    try {
      const snapshot = ground.snapshot();
      const field = pool.family === 4 ? 'iptables' : 'ip6tables';
      const marking =
        '-A PREROUTING -m mac --mac-source 02:00:00:00:00:99 -j MARK --set-xmark 0x7/0xffffffff';
      const table = (rules: readonly string[]) =>
        ['*raw', ':PREROUTING ACCEPT [0:0]', ...rules, 'COMMIT', ''].join('\n');
      const counted = VARIANTS.map((options) => `-A PREROUTING -m rpfilter ${options}`);
      t.true(ground.restore(pool.family, 'legacy', table([marking, ...counted])));
      const paths = VARIANTS.map((options) => {
        const rules = table([marking, `-A PREROUTING -m rpfilter ${options} -j DROP`]);
        return new PacketPath(new KernelModel({ ...snapshot, [field]: rules }));
      });
      const sources = [...pool.peers.flat(), ...pool.own, ...pool.odd, ...pool.virtual];
      const seen = { match: 0, none: 0 };
      for (let id = 0; id < PACKETS; id++) {
        const packet: TestPacket = {
          id,
          source: draw.pick(sources),
          destination: draw.pick([...sources, ...groups]),
          protocol: 'udp',
          sourcePort: 1000,
          destinationPort: 2000,
          tcp: null,
          icmp: null,
          echo: 0,
          tos: 0,
          ttl: 64,
        };
        const device = draw.pick(DEVICES);
        const before = counters(ground, pool.family);
        await ground.inject(packet, device);
        await ground.observed();
        const after = counters(ground, pool.family);
        const kernel = VARIANTS.filter((_, i) => after[i + 1]! > before[i + 1]!);
        const model = VARIANTS.filter((_, i) => {
          const { source, destination, protocol, sourcePort, destinationPort } = packet;
          const question = { source, destination, protocol, sourcePort, destinationPort };
          const [passage] = paths[i]!.receive({ ...question, macSource: ground.macSource }, device);
          return passage!.drop?.by === 'netfilter';
        });
        t.deepEqual(model, kernel, `${packet.source} > ${packet.destination} by ${device}`);
        seen.match += kernel.length;
        seen.none += VARIANTS.length - kernel.length;
      }
      // Each with and without --invert.
      t.is(seen.match, seen.none);
    } finally {
      ground.remove();
    }
  });
}

/** So that the mark, which `--validmark` alone looks up, leads elsewhere. */
const MARKED = ['rule add pref 90 fwmark 0x7 lookup 100', '-6 rule add pref 90 fwmark 0x7 lookup 100'];

/** How often each rule matched. */
function counters(ground: PacketGround, family: 4 | 6): number[] {
  const saved = ground.save(family, 'legacy', '-c', '-t', 'raw');
  return [...saved.matchAll(/^\[(\d+):\d+\] -A/gm)].map((match) => Number(match[1]));
}
