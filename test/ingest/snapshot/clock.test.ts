import test from 'ava';
import { readClock } from '../../../src/ingest/snapshot/clock.js';
import { InputError } from '../../../src/model/errors.js';
import { formatTime } from '../../../src/model/time.js';

const NOW = '2026-11-21T20:47:40.000000000Z';
const UPTIME = '3600.25 7000.00';

const FORMS: [form: string, text: string, zoneSeconds: number | undefined][] = [
  ['date +%s.%N', `1795294060.000000000\n${UPTIME}`, undefined],
  ['date +%s', `1795294060\n${UPTIME}`, undefined],
  ['date', `Sat Nov 21 21:47:40 CET 2026\n${UPTIME}`, 3600],
  ['date --utc', `Sat Nov 21 20:47:40 UTC 2026\n${UPTIME}`, undefined],
  ['date in en_US', `Sat Nov 21 01:47:40 PM -07 2026\n${UPTIME}`, -7 * 3600],
  ['date in C.UTF-8', `Sun 22 Nov 2026 12:47:40 AM +04\n${UPTIME}`, 4 * 3600],
  ['date -R', `Sat, 21 Nov 2026 22:17:40 +0130\n${UPTIME}`, 5400],
  ['date -Is, the uptime first', `${UPTIME}\n2026-11-21T21:47:40+01:00\n`, 3600],
];
for (const [form, text, zoneSeconds] of FORMS) {
  test(`clock.txt: ${form}`, (t) => {
    const warnings: string[] = [];
    const clock = readClock(text, 'clock.txt', (w) => warnings.push(w));
    t.is(formatTime(clock.wall), NOW);
    t.is(clock.uptimeNs, 3_600_250_000_000n);
    t.is(clock.zoneSeconds, zoneSeconds);
    t.is(clock.bootErrorNs !== undefined, form !== 'date +%s.%N');
    t.deepEqual(warnings, []);
  });
}

test('timedatectl tells the zone, and no uptime', (t) => {
  const warnings: string[] = [];
  const text = `               Local time: Sat 2026-11-21 21:47:40 CET
           Universal time: Sat 2026-11-21 20:47:40 UTC
                 RTC time: Sat 2026-11-21 20:47:40
                Time zone: Europe/Berlin (CET, +0100)
System clock synchronized: yes
`;
  const clock = readClock(text, 'clock.txt', (w) => warnings.push(w));
  t.is(formatTime(clock.wall), NOW);
  t.like(clock, { uptimeNs: null, zoneSeconds: 3600 });
  t.regex(warnings.join(), /no uptime/);
});

test('uptime(1) has minutes', (t) => {
  const at = (uptime: string) => readClock(`Sat Nov 21 20:47:40 UTC 2026\n ${uptime}`, 'clock.txt');
  const rest = '2 users,  load average: 0.10, 0.20, 0.30';
  t.is(
    at(`20:47:40 up 3 days,  4:05,  ${rest}`).uptimeNs,
    BigInt((3 * 24 + 4) * 3600 + 300) * 1_000_000_000n,
  );
  t.is(at(`20:47:40 up 1 day, 12 min,  ${rest}`).uptimeNs, BigInt(24 * 3600 + 720) * 1_000_000_000n);
  t.is(at(`20:47:40 up 12 min,  ${rest}`).uptimeNs, 720_000_000_000n);
  t.true(at(`20:47:40 up 12 min,  ${rest}`).bootErrorNs! >= 60e9);
});

test('a zone of several meanings places nothing since boot', (t) => {
  const warnings: string[] = [];
  const clock = readClock(`Sat Nov 21 20:47:40 CST 2026\n${UPTIME}`, 'clock.txt', (w) => warnings.push(w));
  t.is(clock.uptimeNs, null);
  t.is(clock.zoneSeconds, undefined);
  t.regex(warnings.join(), /what the zone CST is cannot be told/);
});

for (const text of ['', 'date: not found\n12.3 4.5', '1795294060\nuptime: not found']) {
  test(`no clock: ${JSON.stringify(text)}`, (t) => {
    t.throws(() => readClock(text, 'clock.txt'), { instanceOf: InputError });
  });
}
