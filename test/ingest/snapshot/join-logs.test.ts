/** What several log files of one node hold together. */
import test from 'ava';
import fc from 'fast-check';
import { readSnapshot } from '../../../src/ingest/snapshot/snapshot.js';

const BOOT = 1_795_200_000;
const CLOCK = `${BOOT + 50_000}.000000000\n50000.00 1.00\n`;

/** A martian line of some second since boot. */
interface Event {
  second: number;
  source: number;
}

const words = ({ source }: Event) => `IPv4: martian source 10.0.0.1 from 10.9.9.${source}, on dev eth0`;
const iso = (second: number) => new Date((BOOT + second) * 1000).toISOString().slice(0, 19);

const FORMS = {
  dmesg: (e: Event) => `[${String(e.second).padStart(5)}.000000] ${words(e)}`,
  journal: (e: Event) => `${iso(e.second)}.040000+0000 node1 kernel: ${words(e)}`,
  // Two hours ahead of UTC, which nothing tells.
  syslog: (e: Event) => {
    const [, day, month, , clock] = new Date((BOOT + e.second + 7200) * 1000).toUTCString().split(' ');
    return `${month} ${String(Number(day)).padStart(2)} ${clock} node1 kernel: ${words(e)}`;
  },
};

function martians(files: Record<string, string>) {
  const snapshot = readSnapshot(new Map(Object.entries(files)), 'node1', null, 'node1');
  return snapshot.kernelLog!.martians;
}

const list = (events: readonly Event[], form: (e: Event) => string) =>
  events.map((e) => `${form(e)}\n`).join('');

/** Far enough apart to be told apart by any stamp. */
const events = fc
  .array(fc.record({ gap: fc.integer({ min: 4, max: 60 }), source: fc.integer({ min: 1, max: 3 }) }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((all) => {
    let second = 100;
    return all.map(({ gap, source }) => {
      second += gap;
      return { second, source };
    });
  });

for (const [name, form] of [
  ['journal.txt', FORMS.journal],
  ['messages', FORMS.syslog],
] as const) {
  test(`what dmesg and ${name} both hold is counted once, whatever each has lost`, (t) => {
    fc.assert(
      fc.property(events, fc.nat(30), fc.nat(30), (all, lostHead, lostTail) => {
        const ring = all.slice(Math.min(lostHead, all.length - 1));
        const file = all.slice(0, Math.max(1, all.length - lostTail));
        const held = new Set([...ring, ...file]);
        const found = martians({
          'clock.txt': CLOCK,
          'kernel.log': list(ring, FORMS.dmesg),
          [name]: list(file, form),
        });
        t.is(found.length, held.size);
      }),
    );
  });
}

test('of a line that both hold, the surer time stands', (t) => {
  const event = { second: 777, source: 9 };
  const [martian] = martians({
    'clock.txt': CLOCK,
    'dmesg.txt': FORMS.dmesg(event),
    'journal.txt': FORMS.journal(event),
  });
  t.like(martian, { file: 'node1/dmesg.txt', line: 1, time: BigInt(BOOT + 777) * 1_000_000_000n });
});

test('rotated files stand in the order of their writing, and each line names its own', (t) => {
  const at = (second: number) => FORMS.journal({ second, source: 1 });
  const rotated = martians({
    'kern.log': at(400),
    'kern.log.1': at(300),
    'kern.log.10.gz': at(100),
    'kern.log.2.gz': at(200),
  });
  t.deepEqual(
    rotated.map(({ file }) => file),
    ['node1/kern.log.10.gz', 'node1/kern.log.2.gz', 'node1/kern.log.1', 'node1/kern.log'],
  );
  const dated = martians({
    messages: at(300),
    'messages-20261120.gz': at(200),
    'messages-20261113.zst': at(100),
  });
  t.deepEqual(
    dated.map(({ file }) => file),
    ['node1/messages-20261113.zst', 'node1/messages-20261120.gz', 'node1/messages'],
  );
});

test('lines alike in two rotated files are two', (t) => {
  const line = FORMS.journal({ second: 5, source: 1 });
  t.is(martians({ 'kern.log': line, 'kern.log.1': line }).length, 2);
});

test('a log that is packed by what is not read is absent, with the cure', (t) => {
  const packed = Buffer.from('BZh91AY&SY');
  const { kernelLog, warnings } = readSnapshot(new Map([['kern.log.2.bz2', packed]]), 'node1', null, 'node1');
  t.is(kernelLog, null);
  t.regex(warnings.join(), /kern\.log\.2\.bz2: is compressed with bzip2; decompress it with bzip2 -d first/);
});
