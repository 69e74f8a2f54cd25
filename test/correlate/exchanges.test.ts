/** What becomes of UDP requests and echoes, and what is none. */
import test from 'ava';
import { analyzeCooked, analyzeNodes, type Cooked, echo, icmpError, udp } from './cooked.js';

const CLIENT = '203.0.113.9:40000';
const VIP = '198.51.100.7:6000';
const POD = '10.8.3.4:6001';

const asks = (at: number, payload = 'question', from = CLIENT) =>
  udp({ at, on: 2, way: 'in' }, from, VIP, payload);
const answers = (at: number, on = 2, payload = 'answer') => udp({ at, on, way: 'out' }, VIP, CLIENT, payload);
/** To the pod, translated, and back from it. */
const forwards = (at: number, payload = 'question') =>
  udp({ at, on: 4, way: 'out', ttl: 63 }, CLIENT, POD, payload);
const podAnswers = (at: number, payload = 'answer') =>
  udp({ at, on: 4, way: 'in', ttl: 64 }, POD, CLIENT, payload);
const passesBack = (at: number, payload = 'answer') =>
  udp({ at, on: 2, way: 'out', ttl: 63 }, VIP, CLIENT, payload);
/** Something else, so that the capture does not end with what matters. */
const later = (at: number) => udp({ at, on: 3, way: 'in' }, '10.9.9.9:50000', '10.9.9.8:514', 'x');
const times = (n: number, every: number, make: (at: number) => Cooked[]) =>
  Array.from({ length: n }, (_, i) => make(i * every)).flat();

/** Where a client asks anew in the same words, its tries do not matter. */
const CASES: [outcome: string, tries: number | null, what: string, packets: Cooked[]][] = [
  ['established', 1, 'an answer', [asks(0), answers(0.01)]],
  [
    'established',
    1,
    'an answer through NAT',
    [asks(0), forwards(0.001), podAnswers(0.01), passesBack(0.011)],
  ],
  ['no-reply', 3, 'asked three times', [asks(0), asks(1), asks(3)]],
  ['no-reply', 1, 'two questions, neither answered', [asks(0), asks(1, 'another!')]],
  ['established', 2, 'lost once, then answered', [asks(0), asks(1), answers(1.01)]],
  ['reply-lost', 3, 'asked again after each answer', times(3, 1, (at) => [asks(at), answers(at + 0.01)])],
  ['unacknowledged', 1, 'answered by another interface', [asks(0), answers(0.01, 3), later(9)]],
  [
    'reply-lost',
    2,
    'answered by another interface, and asked again',
    times(2, 2, (at) => [asks(at), answers(at + 0.01, 3)]),
  ],
  [
    'reply-lost',
    1,
    'the answer came in and did not leave',
    [asks(0), forwards(0.001), podAnswers(0.01), later(9)],
  ],
  [
    'established',
    2,
    'the first answer did not leave, the second did',
    [
      asks(0),
      forwards(0.001),
      podAnswers(0.01),
      asks(1),
      forwards(1.001),
      podAnswers(1.01),
      passesBack(1.011),
    ],
  ],
  [
    'unacknowledged',
    1,
    'the answer left untranslated',
    [
      asks(0),
      forwards(0.001),
      podAnswers(0.01),
      udp({ at: 0.011, on: 3, way: 'out', ttl: 63 }, POD, CLIENT, 'answer'),
    ],
  ],
  ['established', null, 'a poll in the same words', times(30, 1, (at) => [asks(at), answers(at + 0.01)])],
  ['established', null, 'asked anew at once', times(5, 0.05, (at) => [asks(at), answers(at + 0.01)])],
  ['established', null, 'asked anew after a while', times(3, 20, (at) => [asks(at), answers(at + 0.01)])],
  [
    'refused',
    1,
    'port unreachable',
    [asks(0), icmpError({ at: 0.01, on: 2, way: 'out' }, '198.51.100.7', '203.0.113.9', [3, 3], asks(0))],
  ],
  [
    'unreachable',
    1,
    'host unreachable',
    [asks(0), icmpError({ at: 0.01, on: 2, way: 'out' }, '198.51.100.1', '203.0.113.9', [3, 1], asks(0))],
  ],
  [
    'no-reply',
    1,
    'a redirect says nothing of a loss',
    [asks(0), icmpError({ at: 0.01, on: 2, way: 'out' }, '198.51.100.1', '203.0.113.9', [5, 1], asks(0))],
  ],
  [
    'reply-lost',
    1,
    'the client knows no such reply',
    [
      asks(0),
      answers(0.01, 3),
      icmpError({ at: 0.02, on: 3, way: 'in' }, '203.0.113.9', '198.51.100.7', [3, 3], answers(0.01)),
    ],
  ],
  [
    'established',
    2,
    'the client is gone when the second answer comes',
    [
      asks(0),
      asks(1),
      answers(1.01),
      answers(1.02),
      icmpError({ at: 1.03, on: 2, way: 'in' }, '203.0.113.9', '198.51.100.7', [3, 3], answers(1.02)),
    ],
  ],
];

for (const [outcome, tries, what, packets] of CASES) {
  test(`${outcome}: ${what}`, async (t) => {
    const { attempts, findings } = await analyzeCooked(t, packets);
    t.is(attempts.length, 1);
    t.like(attempts[0], { protocol: 'udp', outcome });
    if (tries !== null) t.is(attempts[0]!.tries, tries);
    if (outcome === 'established') t.false(findings.some((f) => f.severity === 'fault'));
  });
}

test('what was answered late is said so', async (t) => {
  const { attempts } = await analyzeCooked(t, [asks(0), asks(1), answers(1.01)]);
  t.is(attempts[0]!.delayNs, 1_000_000_000);
});

test('a pause makes another attempt of the same ports', async (t) => {
  const { attempts } = await analyzeCooked(
    t,
    times(3, 40, (at) => [asks(at), answers(at + 0.01)]),
  );
  t.deepEqual(
    attempts.map((a) => a.outcome),
    ['established', 'established', 'established'],
  );
});

test('a lone datagram that nobody answers is no fault; one that is sent again is', async (t) => {
  const unanswered = [asks(0), forwards(0.001), later(9)];
  t.false((await analyzeCooked(t, unanswered)).findings.some((f) => f.severity === 'fault'));
  const again = [asks(0), forwards(0.001), asks(1), forwards(1.001), later(9)];
  t.true((await analyzeCooked(t, again)).findings.some((f) => f.severity === 'fault'));
});

test('a lone datagram to a server that answers others is a fault', async (t) => {
  const other = '203.0.113.10:40000';
  const packets = [asks(0, 'lost', other), asks(1), answers(1.01), later(9)];
  const { findings } = await analyzeCooked(t, packets);
  t.true(findings.some((f) => f.severity === 'fault'));
});

test('from a service to a client alone: a reply of which the request was not seen', async (t) => {
  const { attempts } = await analyzeCooked(t, [
    udp({ at: 0, on: 2, way: 'out' }, '198.51.100.7:53', CLIENT, 'answer'),
  ]);
  t.like(attempts[0], { outcome: 'reply-only', tries: 0, server: { address: '198.51.100.7', port: 53 } });
});

test('a stream that was under way has no outcome', async (t) => {
  const from = '198.51.100.7:443';
  const { attempts } = await analyzeCooked(t, [
    udp({ at: 0, on: 2, way: 'out' }, from, CLIENT, 'data'),
    udp({ at: 0.1, on: 2, way: 'in' }, CLIENT, from, 'more'),
    udp({ at: 0.2, on: 2, way: 'out' }, from, CLIENT, 'and more'),
  ]);
  t.like(attempts[0], { outcome: 'midstream', client: { address: '203.0.113.9', port: 40_000 } });
});

test('of a long stream little is kept, and it is one attempt', async (t) => {
  const packets = times(500, 0.02, (at) => [asks(at, `data ${at}`), answers(at + 0.01, 2, `sent ${at}`)]);
  const { attempts } = await analyzeCooked(t, packets);
  t.is(attempts.length, 1);
  t.like(attempts[0], { outcome: 'established', tries: 1 });
  t.true(attempts[0]!.path.length < 10);
});

test('a QUIC client that sends its first packet again has not been answered', async (t) => {
  const initial = (first: number) => {
    const packet = Buffer.alloc(1200, 7);
    packet[0] = first;
    packet.writeUInt32BE(1, 1);
    packet.fill(first, 700);
    return packet;
  };
  const to = '198.51.100.7:9443';
  const { attempts } = await analyzeCooked(t, [
    udp({ at: 0, on: 2, way: 'in' }, CLIENT, to, initial(0xc3)),
    udp({ at: 1, on: 2, way: 'in' }, CLIENT, to, initial(0xc9)),
  ]);
  t.like(attempts[0], { outcome: 'no-reply', tries: 2 });
});

const dns = (id: number, response: boolean, text = '\x07example\x03com\x00\x00\x01\x00\x01') => {
  const header = Buffer.from([
    id >> 8,
    id & 255,
    response ? 0x81 : 1,
    0,
    0,
    1,
    0,
    response ? 1 : 0,
    0,
    0,
    0,
    0,
  ]);
  return Buffer.concat([header, Buffer.from(text, 'latin1')]);
};

test('of two DNS questions of one socket, the one without an answer is told apart, on any port', async (t) => {
  for (const to of ['198.51.100.7:53', '198.51.100.7:1053']) {
    const { attempts } = await analyzeCooked(t, [
      udp({ at: 0, on: 2, way: 'in' }, CLIENT, to, dns(1, false)),
      udp({ at: 0.001, on: 2, way: 'in' }, CLIENT, to, dns(2, false)),
      udp({ at: 0.01, on: 2, way: 'out' }, to, CLIENT, dns(2, true)),
      udp({ at: 5, on: 2, way: 'in' }, CLIENT, to, dns(1, false)),
    ]);
    t.deepEqual(
      attempts.map((a) => [a.outcome, a.tries]),
      [
        ['no-reply', 2],
        ['established', 1],
      ],
    );
  }
});

test('what is no DNS on its port is one attempt', async (t) => {
  const to = '198.51.100.7:53';
  const { attempts } = await analyzeCooked(t, [
    udp({ at: 0, on: 2, way: 'in' }, CLIENT, to, 'ping and some more of it'),
    udp({ at: 0.01, on: 2, way: 'out' }, to, CLIENT, 'pong and some more of it'),
  ]);
  t.deepEqual(
    attempts.map((a) => a.outcome),
    ['established'],
  );
});

test('later fragments belong to no attempt of their own', async (t) => {
  const { attempts } = await analyzeCooked(t, [
    asks(0),
    { ...asks(0.001), fragmentOffset: 185 },
    answers(0.01),
  ]);
  t.is(attempts.length, 1);
});

const NOISE: [what: string, packet: Cooked][] = [
  ['syslog', udp({ at: 0, on: 2, way: 'in' }, CLIENT, '198.51.100.7:514', '<13>hello')],
  ['statsd', udp({ at: 0, on: 2, way: 'in' }, CLIENT, '198.51.100.7:8125', 'a:1|c')],
  ['WireGuard', udp({ at: 0, on: 2, way: 'in' }, '203.0.113.9:51820', '198.51.100.7:51820', 'x')],
  ['DHCP', udp({ at: 0, on: 2, way: 'out' }, '10.0.0.5:68', '10.0.0.1:67', 'x')],
  ['multicast', udp({ at: 0, on: 2, way: 'out' }, '10.0.0.5:5353', '224.0.0.251:5353', 'x')],
  ['broadcast', udp({ at: 0, on: 2, way: 'broadcast' }, '10.0.0.5:6000', '10.0.0.255:6000', 'x')],
  ['VXLAN without a packet in it', udp({ at: 0, on: 2, way: 'in' }, CLIENT, '198.51.100.7:8472', 'x')],
  ['a traceroute probe', udp({ at: 0, on: 2, way: 'in' }, CLIENT, '198.51.100.7:33440', 'x')],
  [
    'a probe made to expire',
    echo({ at: 0, on: 2, way: 'in', ttl: 3 }, 'request', '10.0.0.5', '10.0.9.9', 7, 1),
  ],
];

for (const [what, packet] of NOISE) {
  test(`no attempt: ${what}`, async (t) => {
    t.deepEqual((await analyzeCooked(t, [packet])).attempts, []);
  });
}

test('a client may have any port: also that of a protocol that is left out', async (t) => {
  for (const port of [67, 137, 1900, 4789, 5355, 5405, 6081, 8472]) {
    const [client, server] = [`203.0.113.9:${port}`, '198.51.100.7:53'];
    const { attempts } = await analyzeCooked(t, [
      udp({ at: 0, on: 2, way: 'in' }, client, server, 'question'),
      udp({ at: 0.01, on: 2, way: 'out' }, server, client, 'answer'),
      later(9),
    ]);
    t.deepEqual(
      attempts.map((a) => [a.client.port, a.server.port, a.outcome]),
      [[port, 53, 'established']],
    );
  }
});

test('a scan of ports finds them closed, and that is no fault; a client that is refused on one is', async (t) => {
  const refusal = (port: number, at: number) => {
    const asked = udp({ at, on: 2, way: 'in' }, CLIENT, `198.51.100.7:${port}`, 'probe');
    return [
      asked,
      icmpError({ at: at + 0.001, on: 2, way: 'out' }, '198.51.100.7', '203.0.113.9', [3, 3], asked),
    ];
  };
  const faults = async (ports: number[]) => {
    const packets = ports.flatMap((port, i) => refusal(port, i * 0.1));
    const { attempts, findings } = await analyzeCooked(t, [...packets, later(20)]);
    t.true(attempts.every((a) => a.outcome === 'refused'));
    return findings.filter((f) => f.severity === 'fault').length;
  };
  t.is(await faults(Array.from({ length: 12 }, (_, i) => 7000 + i)), 0);
  t.is(await faults([7000]), 1);
});

test('a closed port whose host answers some datagrams alone is refused for all', async (t) => {
  const asked = (at: number, port: number) =>
    udp({ at, on: 2, way: 'in' }, `203.0.113.9:${port}`, '198.51.100.7:53', 'question');
  const refusal = icmpError(
    { at: 0.01, on: 2, way: 'out' },
    '198.51.100.7',
    '203.0.113.9',
    [3, 3],
    asked(0, 40_001),
  );
  const { findings } = await analyzeCooked(t, [asked(0, 40_001), refusal, asked(0.02, 40_002), later(9)]);
  t.deepEqual(
    findings.filter((f) => f.severity === 'fault').map((f) => [f.cause, f.attempts.length]),
    [['refused', 2]],
  );
  t.true(findings[0]!.evidence.some((e) => /1 more to the same was not answered/.test(e.text)));
  const stranger = udp({ at: 0.02, on: 2, way: 'in' }, '203.0.113.10:40002', '198.51.100.7:53', 'question');
  const apart = await analyzeCooked(t, [asked(0, 40_001), refusal, stranger, later(9)]);
  t.is(apart.findings.find((f) => f.cause === 'refused')!.attempts.length, 1);
});

test('where a named VIP serves it, what is never answered counts, and is no fault', async (t) => {
  const syslog = udp({ at: 0, on: 2, way: 'in' }, CLIENT, '198.51.100.7:514', '<13>hello');
  const { attempts, findings } = await analyzeCooked(t, [syslog, later(9)], ['198.51.100.7']);
  t.is(attempts.length, 1);
  t.false(findings.some((f) => f.severity === 'fault'));
});

test('each echo is an attempt, and its reply is told by sequence number', async (t) => {
  const ping = (at: number, n: number) =>
    echo({ at, on: 2, way: 'in' }, 'request', '10.0.0.5', '10.0.9.9', 7, n);
  const pong = (at: number, n: number) =>
    echo({ at, on: 2, way: 'out' }, 'reply', '10.0.9.9', '10.0.0.5', 7, n);
  const { attempts } = await analyzeCooked(t, [
    ping(0, 1),
    pong(0.01, 1),
    ping(1, 2),
    ping(2, 3),
    pong(2.01, 3),
  ]);
  t.deepEqual(
    attempts.map((a) => [a.protocol, a.client.port, a.server.port, a.outcome]),
    [
      ['icmp', null, null, 'established'],
      ['icmp', null, null, 'no-reply'],
      ['icmp', null, null, 'established'],
    ],
  );
});

test('an echo reply that a router took in and did not pass on is lost, though its request went another way', async (t) => {
  const [client, server] = ['10.0.0.5', '10.0.9.9'];
  const packets = [
    echo({ at: 0, on: 2, way: 'in', ttl: 62 }, 'request', client, server, 7, 1),
    echo({ at: 0.001, on: 3, way: 'out', ttl: 64 }, 'reply', server, client, 7, 1),
    later(9),
  ];
  const reply = echo({ at: 0.002, on: 2, way: 'in', ttl: 64 }, 'reply', server, client, 7, 1);
  const passedOn = { ...reply, at: 0.003, on: 3, way: 'out' as const, ttl: 63 };
  const outcomes = async (router: Cooked[], address?: string) => {
    const { attempts } = await analyzeNodes(t, [{ packets }, { packets: router, address }]);
    return attempts.filter((a) => a.protocol === 'icmp').map((a) => a.outcome);
  };
  t.deepEqual(await outcomes([reply, later(9)], '10.0.3.1'), ['reply-lost']);
  t.deepEqual(await outcomes([reply, passedOn, later(9)], '10.0.3.1'), ['unacknowledged']);
  t.deepEqual(await outcomes([reply], '10.0.3.1'), ['unacknowledged'], 'the capture ends with it');
  t.deepEqual(await outcomes([reply, later(9)], client), ['unacknowledged'], 'the client itself');
  t.deepEqual(await outcomes([reply, later(9)]), ['unacknowledged'], 'its addresses are not known');
});

for (const port of [6000, 161]) {
  const vip = `198.51.100.7:${port}`;
  const ask = (at: number) => udp({ at, on: 2, way: 'in' }, CLIENT, vip, 'question');
  const answer = (at: number, way: 'in' | 'out' = 'out', on = 3) =>
    udp({ at, on, way }, `10.0.3.1:${port}`, CLIENT, 'answer');

  test(`port ${port}: an answer from an address that was not asked is no request, and said to be one`, async (t) => {
    const packets = [ask(0), answer(0.001), ask(1), answer(1.001), later(9)];
    for (const vips of [[], ['198.51.100.7']]) {
      const { attempts } = await analyzeNodes(t, [{ packets, address: '198.51.100.7' }], vips);
      const asked = attempts.filter((a) => a.server.port === port);
      t.deepEqual(
        asked.map((a) => [a.outcome, a.tries]),
        [['no-reply', 2]],
      );
      t.is(attempts.filter((a) => a.client.address === '10.0.3.1').length, 0);
    }
  });

  test(`port ${port}: what a router only passes on, or was sent long after, is not its answer`, async (t) => {
    const forwarded = [ask(0), answer(0.001, 'in', 4), answer(0.0011), ask(1), later(9)];
    const late = [ask(0), ask(1), answer(8), later(9)];
    for (const packets of [forwarded, late]) {
      const { attempts } = await analyzeNodes(t, [{ packets, address: '198.51.100.7' }]);
      t.true(attempts.some((a) => [a.client.address, a.server.address].includes('10.0.3.1')));
    }
  });
}

test('NAT that changes the identifier is followed', async (t) => {
  const { attempts } = await analyzeCooked(t, [
    echo({ at: 0, on: 2, way: 'in' }, 'request', '10.0.0.5', '10.0.9.9', 7, 1),
    echo({ at: 0.001, on: 3, way: 'out', ttl: 63 }, 'request', '10.1.0.1', '10.0.9.9', 4321, 1),
    echo({ at: 0.01, on: 3, way: 'in', ttl: 64 }, 'reply', '10.0.9.9', '10.1.0.1', 4321, 1),
    echo({ at: 0.011, on: 2, way: 'out', ttl: 63 }, 'reply', '10.0.9.9', '10.0.0.5', 7, 1),
  ]);
  t.is(attempts.length, 1);
  t.is(attempts[0]!.path.length, 4);
});

test('a host that pings itself', async (t) => {
  const { attempts } = await analyzeCooked(t, [
    echo({ at: 0, on: 1, way: 'out' }, 'request', '127.0.0.1', '127.0.0.1', 7, 1),
    echo({ at: 0.001, on: 1, way: 'in' }, 'request', '127.0.0.1', '127.0.0.1', 7, 1),
    echo({ at: 0.002, on: 1, way: 'out' }, 'reply', '127.0.0.1', '127.0.0.1', 7, 1),
    echo({ at: 0.003, on: 1, way: 'in' }, 'reply', '127.0.0.1', '127.0.0.1', 7, 1),
  ]);
  t.deepEqual(
    attempts.map((a) => a.outcome),
    ['established'],
  );
});
