import { neighbourAdvertisement } from '../../../src/kernel/neighbour/neighbour-advertisement.js';
import { neighbourSolicitationSource } from '../../../src/kernel/neighbour/neighbour-solicitation.js';
import { prepare } from '../../../src/kernel/state.js';
import { neighbourSolicitation, readAdvertisement, readSolicitation } from './frames.js';
import { testOnSegment } from './gate.js';
import { DEVICES, ndpGround, SOURCES, TARGETS } from './ndp-ground.js';
import type { Settings } from './segment.js';

const test = testOnSegment();

const SETTINGS: readonly Settings[] = [0, 1].flatMap((forwarding) =>
  [
    [0, 0],
    [1, 0],
    [0, 1],
  ].map(
    ([all, own]): Settings => [
      ['net.ipv6.conf.all.forwarding', forwarding],
      ['net.ipv6.conf.e0.forwarding', forwarding],
      ['net.ipv6.conf.all.proxy_ndp', all!],
      ['net.ipv6.conf.e0.proxy_ndp', own!],
    ],
  ),
);

const REQUESTS = [...DEVICES].flatMap((device) =>
  [...TARGETS, ...(device === 'n0' ? ['fd00:5::1'] : [])].flatMap((target) =>
    SOURCES.map((source) => ({ device, target, source })),
  ),
);

test('the model answers neighbour solicitations as the kernel does', async (t) => {
  const segment = await ndpGround();
  try {
    // Another node that has the address: duplicate address detection of fd00:1::9 fails.
    await segment.ask([
      { device: 'e0', frame: neighbourSolicitation(segment.macOf('e0'), '::', 'fd00:1::9') },
    ]);
    const seen = new Map<string, number>();
    for (const settings of SETTINGS) {
      await segment.set(settings);
      // Forwarding makes and unmakes anycast addresses.
      const state = prepare(segment.snapshot());
      // Of a probe the kernel takes that another node tries to get the address, and gives up an uncertain one.
      const expected = REQUESTS.map((request) => ({
        request,
        answer: neighbourAdvertisement(state, {
          interface: request.device,
          target: request.target,
          source: request.source,
        }),
      })).filter(
        ({ request, answer }) => request.source !== '::' || !/tentative|optimistic/.test(answer.why),
      );
      const frames = expected.map(({ request: { device, source, target } }) => ({
        device,
        frame: neighbourSolicitation(segment.macOf(device), source, target),
      }));
      const real = new Map<string, string>();
      for (const { device, frame } of await segment.ask(frames)) {
        const told = readAdvertisement(frame);
        if (told) real.set(`${device} ${told.to} ${told.target}`, told.mac);
      }
      for (const { request, answer } of expected) {
        const { device, source, target } = request;
        const to = source === '::' ? 'ff02::1' : source;
        const text = `${source} asks ${device} for ${target}: ${answer.why}, under ${settings.join(' ')}`;
        t.deepEqual(answer.unknown, [], text);
        t.is(real.get(`${device} ${to} ${target}`), answer.mac ?? undefined, text);
        const kind = answer.by ?? /\((tentative|optimistic|dadfailed)\)/.exec(answer.why)?.[1] ?? 'none';
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      }
    }
    t.log(Object.fromEntries(seen));
    for (const kind of ['own-address', 'anycast', 'proxy-entry', 'tentative', 'dadfailed'])
      t.true(seen.has(kind), kind);
  } finally {
    segment.remove();
  }
});

test('a node asks from the address that the model says', async (t) => {
  const segment = await ndpGround();
  try {
    const state = prepare(segment.snapshot());
    const sources = ['fd00:1::1', 'fd00:1::8', 'fd00:2::1', 'fd00:3::1', 'fd00:6::1'];
    const subnets = [
      ['fd00:1', 'e0', 'e0'],
      ['fd00:2', 'e1', 'e1'],
      ['fd00:6', 'br0', 'p0'], // which has no link-local address
    ] as const;
    const packets = subnets.flatMap(([prefix, device, peer]) =>
      sources.map((source, i) => ({ source, target: `${prefix}::10${i}`, device, peer })),
    );
    await segment.send(packets);
    const asked = new Map<string, string>();
    for (const { device, frame } of await segment.ask([])) {
      const request = readSolicitation(frame);
      if (request) asked.set(`${device} ${request.target}`, request.sender);
    }
    for (const { source, target, device, peer } of packets) {
      const choice = neighbourSolicitationSource(state, { interface: device, target, packetSource: source });
      t.deepEqual(choice.unknown, []);
      t.is(
        asked.get(`${peer} ${target}`),
        choice.sender ?? undefined,
        `${source} to ${target}: ${choice.why}`,
      );
    }
    t.is(asked.get('e0 fd00:1::102'), 'fe80::a');
    t.is(asked.get('e0 fd00:1::100'), 'fd00:1::1');
    t.false(asked.has('p0 fd00:6::100'));
  } finally {
    segment.remove();
  }
});
