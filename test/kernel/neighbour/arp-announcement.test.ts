import { arpAnnouncement } from '../../../src/kernel/neighbour/arp-announcement.js';
import { outputIPv4 } from '../../../src/kernel/output.js';
import { prepare } from '../../../src/kernel/state.js';
import { announcementGround, PACKET_SOURCES, SUBNETS } from './announcement-ground.js';
import { withSettings } from './arp-differential.js';
import { datagram, readArpRequest } from './frames.js';
import { testOnSegment } from './gate.js';
import type { Settings } from './segment.js';

const test = testOnSegment();

/** arp_announce of `all` and of each device; route_localnet. */
const SETTINGS: readonly [all: number, own: number, localnet: number][] = [0, 1, 2, 3].flatMap((all) =>
  [0, 1, 2].flatMap((own) => [0, 1].map((localnet): [number, number, number] => [all, own, localnet])),
);

/** A client whose datagrams the node passes on. */
const CLIENT = '203.0.113.9';

test('a node announces the address that the model says, whatever it sends from and to', async (t) => {
  const segment = await announcementGround();
  try {
    segment.sysctl(segment.node, [['net.ipv4.ip_forward', 1]]);
    const snapshot = segment.snapshot();
    const seen = new Map<string, number>();
    let host = 10;
    for (const [all, own, localnet] of SETTINGS) {
      const settings: Settings = [
        ['net.ipv4.conf.all.rp_filter', 0],
        ['net.ipv4.conf.all.arp_announce', all],
        ...['e0', 'e1', 'e2', 'u0'].flatMap((device): [string, number][] => [
          [`net.ipv4.conf.${device}.arp_announce`, own],
          [`net.ipv4.conf.${device}.route_localnet`, localnet],
          [`net.ipv4.conf.${device}.rp_filter`, 0],
        ]),
      ];
      await segment.set(settings);
      const state = prepare(withSettings(snapshot, settings));
      // Each packet goes to a neighbour of its own, which nobody has resolved yet.
      const packets = SUBNETS.flatMap(([prefix, device]) =>
        [...PACKET_SOURCES, '0.0.0.0', CLIENT].map((source) => {
          host++;
          return { source, target: `${prefix}.${host >> 8}.${host & 255}`, device };
        }),
      );
      await segment.send(packets.filter(({ source }) => source !== CLIENT));
      const passedOn = packets.filter(({ source }) => source === CLIENT);
      const questions = passedOn.map(({ source, target, device }) => {
        const from = device === 'e1' ? 'e0' : 'e1';
        return {
          device: from,
          frame: datagram(segment.nodeMacOf(from), segment.macOf(from), source, target),
        };
      });
      const asked = new Map<string, string>();
      for (const { device, frame } of await segment.ask(questions)) {
        const request = readArpRequest(frame);
        const key = `${device} ${request?.target}`;
        if (request && !asked.has(key)) asked.set(key, request.sender);
      }
      for (const { source, target, device } of packets) {
        const sent = source === CLIENT ? null : outputIPv4(state, { source, destination: target });
        if (sent && sent.dev !== device) continue;
        const packetSource = sent ? sent.preferredSource : source;
        const choice = arpAnnouncement(state, { interface: device, target, packetSource });
        t.deepEqual(choice.unknown, []);
        t.is(
          asked.get(`${device} ${target}`),
          choice.sender ?? undefined,
          `${source} to ${target} by ${device}: ${choice.why}`,
        );
        seen.set(`${choice.sender}`, (seen.get(`${choice.sender}`) ?? 0) + 1);
      }
      segment.run(segment.node, 'ip', 'neigh', 'flush', 'all');
    }
    t.log(Object.fromEntries(seen));
    t.true(seen.size > 6);
  } finally {
    segment.remove();
  }
});

test('a node with nothing to announce asks from 0.0.0.0', async (t) => {
  const segment = await announcementGround([['e2', '10.60.0.1/16', 'scope host']]);
  try {
    segment.sysctl(segment.node, [['net.ipv4.conf.all.rp_filter', 0]]);
    const state = prepare(segment.snapshot());
    await segment.send([{ source: '0.0.0.0', target: '10.50.0.20' }]);
    const requests = (await segment.ask([], 500)).flatMap(({ device, frame }) => {
      const request = readArpRequest(frame);
      return device === 'u0' && request ? [request] : [];
    });
    const choice = arpAnnouncement(state, { interface: 'u0', target: '10.50.0.20', packetSource: null });
    t.is(choice.sender, '0.0.0.0');
    t.deepEqual(requests[0], { target: '10.50.0.20', sender: '0.0.0.0' });
  } finally {
    segment.remove();
  }
});
