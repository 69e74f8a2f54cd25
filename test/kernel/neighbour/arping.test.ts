import { spawn } from 'node:child_process';
import { arpReply } from '../../../src/kernel/neighbour/arp-reply.js';
import { prepare } from '../../../src/kernel/state.js';
import { testInNamespaces } from '../../gates.js';
import { Segment } from './segment.js';

const test = testInNamespaces('arping', 'sysctl');

interface Device {
  name: string;
  /** The first three octets of its subnet. */
  subnet: string;
  arpIgnore: number;
  arpFilter: number;
  rpFilter: number;
}

/** A device for each combination: the settings of a device are its own, so that all are asked at once. */
const DEVICES: readonly Device[] = [0, 1, 2, 3, 8].flatMap((arpIgnore, i) =>
  [0, 1].flatMap((arpFilter) =>
    [0, 1].map((rpFilter) => {
      const index = i * 4 + arpFilter * 2 + rpFilter;
      return { name: `e${index}`, subnet: `10.1.${index}`, arpIgnore, arpFilter, rpFilter };
    }),
  ),
);

const TARGETS = ['10.1.0.1', '10.3.0.1', '10.3.0.2', '10.4.0.1'];
/** The way back to the first leads by e0 alone. */
const SENDERS = ['203.0.113.9', '0.0.0.0'];

const REQUESTS = DEVICES.flatMap((device) =>
  [`${device.subnet}.1`, `${device.subnet}.50`, ...TARGETS.slice(device.name === 'e0' ? 1 : 0)].flatMap(
    (target) => [`${device.subnet}.9`, ...SENDERS].map((sender) => ({ device: device.name, sender, target })),
  ),
);

test('arping gets the answers that the model gives, in every combination of arp_ignore, arp_filter and rp_filter', async (t) => {
  const segment = new Segment();
  try {
    const { node, peer } = segment;
    segment.ip(node, [
      'link set lo up',
      'addr add 10.3.0.1/32 dev lo',
      'addr add 10.3.0.2/32 dev lo scope host',
      'link add down0 type veth peer name down1',
      'addr add 10.4.0.1/32 dev down0',
      ...DEVICES.flatMap(({ name, subnet }) => [
        `link add ${name} type veth peer name ${name} netns ${peer}`,
        `addr add ${subnet}.1/24 dev ${name}`,
        `link set ${name} up`,
      ]),
      'route add default via 10.1.0.254 dev e0',
    ]);
    segment.sysctl(node, [
      ['net.ipv4.conf.all.rp_filter', 0],
      ...DEVICES.flatMap(({ name, arpIgnore, arpFilter, rpFilter }): [string, number][] => [
        [`net.ipv4.conf.${name}.arp_ignore`, arpIgnore],
        [`net.ipv4.conf.${name}.arp_filter`, arpFilter],
        [`net.ipv4.conf.${name}.rp_filter`, rpFilter],
      ]),
    ]);
    // arping binds to the sender that it is to give.
    segment.sysctl(peer, [['net.ipv4.ip_nonlocal_bind', 1]]);
    segment.ip(peer, [
      'link set lo up',
      ...DEVICES.flatMap(({ name, subnet }) => [
        `link set ${name} up`,
        `addr add ${subnet}.9/24 dev ${name}`,
      ]),
      'route add default dev e0',
    ]);

    const real = await arpings(peer);
    const state = prepare(segment.snapshot());
    let answered = 0;
    for (const [i, { device, sender, target }] of REQUESTS.entries()) {
      const answer = arpReply(state, { interface: device, sender, target });
      t.deepEqual(answer.unknown, []);
      t.is(real.get(i), answer.mac?.toUpperCase(), `${sender} asks ${device} for ${target}: ${answer.why}`);
      if (answer.answers) answered++;
    }
    t.is(real.size, answered);
    t.true(answered > 50);
    t.log(`${REQUESTS.length} times arping, ${answered} answered`);
  } finally {
    segment.remove();
  }
});

/** Runs all at once, each waiting a second at most. @returns the MAC by the request's number */
async function arpings(namespace: string): Promise<Map<number, string>> {
  const script = REQUESTS.map(({ device, sender, target }, i) => {
    const source = sender === '0.0.0.0' ? '-D' : `-s ${sender}`;
    return `(arping -c 1 -w 1 -I ${device} ${source} ${target} 2>&1 | sed 's/^/${i} /') &`;
  });
  const child = spawn('ip', ['netns', 'exec', namespace, 'sh'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(`${script.join('\n')}\nwait\n`);
  let output = '';
  for await (const chunk of child.stdout) output += chunk;
  const answers = [...output.matchAll(/^(\d+) Unicast reply from \S+ \[(\S+)\]/gm)];
  const failed = /^\d+ (arping|bind|.*[Uu]sage).*/m.exec(output);
  if (failed) throw new Error(failed[0]);
  return new Map(answers.map(([, i, mac]) => [Number(i), mac!]));
}
