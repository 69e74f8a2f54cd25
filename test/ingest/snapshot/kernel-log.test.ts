import test from 'ava';
import { readKernelLog } from '../../../src/ingest/snapshot/kernel-log.js';
import type { Clock } from '../../../src/model/snapshot.js';
import { formatTime, parseTime } from '../../../src/model/time.js';

const clock: Clock = { wall: parseTime('2026-11-21T04:00:00Z')!, uptimeNs: 2_000_000_000_000n };
const MARTIAN = 'IPv4: martian source 10.0.0.1 from 10.9.9.9, on dev eth0.100';
const HEADER = 'll header: 00000000: 02 42 0a 00 00 01 02 42 0a 00 00 02 08 00';

function read(text: string, at: Clock | null = clock) {
  const warnings: string[] = [];
  return { ...readKernelLog(text, 'kernel.log', (w) => warnings.push(w), at), warnings };
}

const forms: [string, string, string | null, RegExp | null][] = [
  ['dmesg', `[ 1234.567890] ${MARTIAN}`, '2026-11-21T03:47:14.567890000Z', null],
  ['dmesg -r', `<4>[ 1234.567890] ${MARTIAN}`, '2026-11-21T03:47:14.567890000Z', null],
  ['dmesg -x', `kern  :warn  : [ 1234.567890] ${MARTIAN}`, '2026-11-21T03:47:14.567890000Z', null],
  ['with a caller', `[ 1234.567890][   T12] ${MARTIAN}`, '2026-11-21T03:47:14.567890000Z', null],
  ['with a CPU as caller', `[ 1234.567890] [    C3] ${MARTIAN}`, '2026-11-21T03:47:14.567890000Z', null],
  ['dmesg iso', `2026-11-21T04:32:34,567890+01:00 ${MARTIAN}`, '2026-11-21T03:32:34.567890000Z', null],
  [
    'iso, with a point',
    `2026-11-21T04:32:34.567890+01:00 ${MARTIAN}`,
    '2026-11-21T03:32:34.567890000Z',
    null,
  ],
  ['dmesg -T', `[Sat Nov 21 03:32:34 2026] ${MARTIAN}`, '2026-11-21T03:32:34.000000000Z', /taken as UTC/],
  [
    'journal',
    `2026-11-21T03:32:34.567890+0000 node1 kernel: ${MARTIAN}`,
    '2026-11-21T03:32:34.567890000Z',
    null,
  ],
  [
    'journal short-iso',
    `2026-11-21T03:32:34+0000 node1 kernel: ${MARTIAN}`,
    '2026-11-21T03:32:34.000000000Z',
    null,
  ],
  [
    'syslog with the boot stamp, in a zone of its own',
    `Nov 21 04:47:14 node1 kernel: [ 1234.567890] ${MARTIAN}`,
    '2026-11-21T03:47:14.567890000Z',
    /year and zone/,
  ],
  [
    'syslog of an earlier boot',
    `Nov 19 04:47:14 node1 kernel: [ 1234.567890] ${MARTIAN}`,
    '2026-11-19T04:47:14.000000000Z',
    /year and zone/,
  ],
  [
    'syslog of last year',
    `Dec  3 04:47:14 node1 kernel: ${MARTIAN}`,
    '2025-12-03T04:47:14.000000000Z',
    /year/,
  ],
  [
    'ISO syslog with the boot stamp',
    `2026-11-21T03:47:14.600000+00:00 node1 kernel: [ 1234.567890] ${MARTIAN}`,
    '2026-11-21T03:47:14.567890000Z',
    null,
  ],
  [
    'ISO syslog of an earlier boot',
    `2026-11-20T03:47:14.600000+00:00 node1 kernel: [ 1234.567890] ${MARTIAN}`,
    '2026-11-20T03:47:14.600000000Z',
    null,
  ],
  [
    'journal short-monotonic',
    `[ 1234.567890] node1 kernel: ${MARTIAN}`,
    '2026-11-21T03:47:14.567890000Z',
    null,
  ],
  [
    'journal short-unix',
    `1795232854.567890 node1 kernel: ${MARTIAN}`,
    '2026-11-21T03:47:34.567890000Z',
    null,
  ],
  [
    'journal short-full',
    `Sat 2026-11-21 04:32:34 CET node1 kernel: ${MARTIAN}`,
    '2026-11-21T03:32:34.000000000Z',
    null,
  ],
  [
    'journal short-precise',
    `Nov 21 03:32:34.567890 node1 kernel: ${MARTIAN}`,
    '2026-11-21T03:32:34.567890000Z',
    /zone is taken as UTC/,
  ],
  [
    'RFC 5424',
    `<4>1 2026-11-21T04:32:34.567890+01:00 node1 kernel - - - ${MARTIAN}`,
    '2026-11-21T03:32:34.567890000Z',
    null,
  ],
  [
    "busybox's syslogd",
    `Nov 21 03:32:34 node1 kern.warn kernel: ${MARTIAN}`,
    '2026-11-21T03:32:34.000000000Z',
    /zone is taken as UTC/,
  ],
  [
    'logread',
    `Sat Nov 21 03:32:34 2026 kern.warn kernel: [ 1234.567890] ${MARTIAN}`,
    '2026-11-21T03:47:14.567890000Z',
    null,
  ],
];
for (const [name, line, time, warning] of forms) {
  test(`form: ${name}`, (t) => {
    const prefix = line.slice(0, line.indexOf(MARTIAN));
    const log = read(`${line}\n${prefix}${HEADER}\n`);
    t.is(log.lines, 2);
    t.is(log.unplaced, 0);
    t.is(log.martians.length, 1);
    const [martian] = log.martians;
    t.is(martian!.time && formatTime(martian!.time), time);
    t.like(martian, {
      destination: '10.0.0.1',
      source: '10.9.9.9',
      interface: 'eth0.100',
      linkDestination: '02:42:0a:00:00:01',
      linkSource: '02:42:0a:00:00:02',
      etherType: 0x0800,
      line: 1,
      text: line,
    });
    t.true(martian!.timeUncertaintyNs >= 10_000_000);
    if (warning) t.regex(log.warnings.join(), warning);
    else t.deepEqual(log.warnings, []);
  });
}

test('without a clock, stamps since boot and without year have no place', (t) => {
  const log = read(`[ 1234.567890] ${MARTIAN}\nNov 21 04:47:14 node1 kernel: ${MARTIAN}\n`, null);
  t.deepEqual(
    log.martians.map((m) => m.time),
    [null, null],
  );
  t.is(log.unplaced, 2);
  t.is(log.warnings.length, 2);
});

test('the turn of the year: a December line in a January snapshot is of the year before', (t) => {
  const january: Clock = { wall: parseTime('2027-01-01T00:10:00Z')!, uptimeNs: 1_000_000_000n };
  const log = read(
    `Dec 31 23:59:59 node1 kernel: ${MARTIAN}\nJan  1 00:09:00 node1 kernel: ${MARTIAN}\n`,
    january,
  );
  t.deepEqual(
    log.martians.map((m) => formatTime(m.time!)),
    ['2026-12-31T23:59:59.000000000Z', '2027-01-01T00:09:00.000000000Z'],
  );
});

test('a stamp since boot is the less certain the later it is', (t) => {
  const log = read(`[    1.000000] ${MARTIAN}\n[ 1900.000000] ${MARTIAN}\n`);
  t.true(log.martians[0]!.timeUncertaintyNs < log.martians[1]!.timeUncertaintyNs);
});

const stamp = (text: string) => `[ 1234.567890] ${text}`;
const lines = (...texts: string[]) => read(texts.map(stamp).join('\n'));

test('martian destinations have no header, and take none from others', (t) => {
  const log = lines('IPv4: martian destination 0.0.0.0 from 10.1.1.1, dev br@if:3', HEADER);
  t.like(log.martians[0], { kind: 'destination', interface: 'br@if:3', linkSource: null });
});

test('headers written by two CPUs at once go in order', (t) => {
  const other = HEADER.replace('00 02 08 00', '00 03 08 00');
  const log = lines(MARTIAN, MARTIAN.replace('9.9', '9.8'), HEADER, 'eth0: link up', other);
  t.deepEqual(
    log.martians.map((m) => m.linkSource),
    ['02:42:0a:00:00:02', '02:42:0a:00:00:03'],
  );
});

test('a device without link header leaves the header to the one that has it', (t) => {
  const log = lines(MARTIAN.replace('eth0.100', 'tun0'), MARTIAN, HEADER, MARTIAN);
  t.deepEqual(
    log.martians.map((m) => m.linkSource),
    [null, '02:42:0a:00:00:02', null],
  );
});

test('the older header with colons; one that is no Ethernet header; one with its head cut off', (t) => {
  const colons = lines(MARTIAN, 'll header: 02:42:0a:00:00:01:02:42:0a:00:00:02:08:06');
  t.like(colons.martians[0], { linkSource: '02:42:0a:00:00:02', etherType: 0x0806 });
  t.is(lines(MARTIAN, 'll header: 00000000: 45 00 00 54').martians[0]!.linkSource, null);
  t.is(lines(HEADER, MARTIAN).martians[0]!.linkSource, null);
});

test('suppressed lines are summed, those of other callers are not', (t) => {
  const log = lines(
    'net_ratelimit: 12 callbacks suppressed',
    'foo: 5 callbacks suppressed',
    'net_ratelimit: 3 callbacks suppressed',
  );
  t.is(log.suppressed, 15);
});

test('any text is a log', (t) => {
  const log = read(
    '\u0000\ufffd[[[ martian source from\r\n\r\nmartian source 999.1.1.1 from 1.1.1.1, on dev x',
  );
  t.is(log.martians.length, 0);
  t.is(log.unplaced, 2);
});

test("a zone that the clock tells places stamps in the host's zone", (t) => {
  const text = `[Sat Nov 21 04:32:34 2026] ${MARTIAN}\nNov 21 04:32:34 node1 kernel: ${MARTIAN}\n`;
  const log = read(text, { ...clock, zoneSeconds: 3600 });
  t.deepEqual(
    log.martians.map((m) => [formatTime(m.time!), m.zoneKnown]),
    [
      ['2026-11-21T03:32:34.000000000Z', true],
      ['2026-11-21T03:32:34.000000000Z', true],
    ],
  );
  t.true(log.warnings.every((w) => w.includes('taken as +0100')));
  t.is(log.warnings.length, 2);
});

test('without a clock, the year is that in which the captures ended', (t) => {
  const warnings: string[] = [];
  const log = readKernelLog(
    `Dec 31 23:59:59 node1 kernel: ${MARTIAN}\n`,
    'messages',
    (w) => warnings.push(w),
    null,
    parseTime('2027-01-01T00:10:00Z'),
  );
  t.is(formatTime(log.martians[0]!.time!), '2026-12-31T23:59:59.000000000Z');
  t.regex(warnings.join(), /messages: .*the year is that of the captures' end/);
});

test("other programs' lines are passed over, whatever they say", (t) => {
  const log = read(`-- Boot 0123456789abcdef --
Nov 21 03:32:34 node1 sshd[7]: ${MARTIAN}
2026-11-21T03:32:34.567890+00:00 node1 sshd[7]: ${MARTIAN}
<4>1 2026-11-21T03:32:34Z node1 sshd 7 - - ${MARTIAN}
Sat 2026-11-21 03:32:34 UTC node1 sshd[7]: ${MARTIAN}
{"not":"a journal"}
`);
  t.is(log.martians.length, 0);
  t.is(log.lines, 1);
});

test("a journal's objects are placed by when the kernel wrote them", (t) => {
  const entry = (fields: object) =>
    JSON.stringify({
      __REALTIME_TIMESTAMP: '1795232854700000',
      __MONOTONIC_TIMESTAMP: '1234700000',
      _TRANSPORT: 'kernel',
      SYSLOG_IDENTIFIER: 'kernel',
      MESSAGE: MARTIAN,
      ...fields,
    });
  const octets = [...Buffer.from(MARTIAN.replace('9.9', '9.8'))];
  const text = [
    entry({ _SOURCE_MONOTONIC_TIMESTAMP: '1234567890' }),
    entry({ MESSAGE: HEADER }),
    entry({ MESSAGE: octets }),
    entry({ _TRANSPORT: 'syslog' }),
    '{"__REALTIME_TIMESTAMP":"17952328',
  ].join('\n');
  const log = read(text, null);
  t.deepEqual(
    log.martians.map((m) => [m.source, formatTime(m.time!), m.linkSource, m.line]),
    [
      ['10.9.9.9', '2026-11-21T03:47:34.567890000Z', '02:42:0a:00:00:02', 1],
      ['10.9.8.9', '2026-11-21T03:47:34.700000000Z', null, 3],
    ],
  );
  t.true(log.martians[0]!.timeUncertaintyNs < log.martians[1]!.timeUncertaintyNs);
  t.is(log.lines, 3);
  t.deepEqual(log.warnings, []);
});
