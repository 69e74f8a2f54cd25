/** The same proof from whatever form the kernel's log came in. */
import { gzipSync } from 'node:zlib';
import test from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import { EditedScenario } from './edited-bundle.js';

const SCENARIO = 'rp-filter-strict';
const NODE = 'node2';

/** What proves it, without the line's own form. */
function martiansOf({ findings }: Analysis): (string | undefined)[] {
  return findings[0]!.evidence
    .filter(({ kind, line }) => kind === 'martian' && line !== null)
    .map(({ text }) => /martian source [\w., ]*/.exec(text)?.[0]);
}

/** A dmesg line in ISO form taken apart: the time in UTC, and what the kernel wrote. */
function takenApart(line: string): [time: Date, message: string] {
  return [new Date(`${line.slice(0, 23).replace(',', '.')}Z`), line.slice(line.indexOf(' ') + 1)];
}

/** As a traditional syslogd writes it on a host two hours ahead of UTC. */
function syslog(line: string): string {
  const [time, message] = takenApart(line);
  const [, day, month, , clock] = new Date(time.getTime() + 7_200_000).toUTCString().split(' ');
  return `${month} ${String(Number(day)).padStart(2)} ${clock} ${NODE} kernel: ${message}`;
}

function journal(line: string): string {
  const [time, message] = takenApart(line);
  return JSON.stringify({
    __REALTIME_TIMESTAMP: `${time.getTime()}000`,
    __MONOTONIC_TIMESTAMP: '99000000',
    _TRANSPORT: 'kernel',
    MESSAGE: message,
  });
}

test('one proof, from dmesg, from rotated logs of syslogd in another zone, from a journal, from all of them', async (t) => {
  const plain = new EditedScenario(t, SCENARIO);
  const lines = plain.read(NODE, 'kernel.log').toString().trim().split('\n');
  const expected = await plain.analyze();
  const proof = martiansOf(expected);
  t.true(proof.length > 0);
  const half = lines.length >> 1;
  const text = (all: readonly string[]) => `${all.join('\n')}\n`;
  const asFiles: Record<string, Record<string, string | Buffer>> = {
    rotated: {
      'var/log/kern.log': text(lines.slice(half).map(syslog)),
      'var/log/kern.log.1.gz': gzipSync(text(lines.slice(0, half).map(syslog))),
    },
    journal: { 'journal.json': text(lines.map(journal)) },
    all: {
      'kernel.log': text(lines),
      messages: text(lines.map(syslog)),
      'journal.json': text(lines.slice(half).map(journal)),
    },
  };
  for (const [form, files] of Object.entries(asFiles)) {
    const edited = new EditedScenario(t, SCENARIO).without(NODE, 'kernel.log');
    for (const [name, content] of Object.entries(files)) edited.write(NODE, name, content);
    const found = await edited.analyze();
    t.is(found.findings[0]!.node, NODE, form);
    t.deepEqual(martiansOf(found), proof, form);
    t.is(found.findings[0]!.confidence, expected.findings[0]!.confidence, form);
  }
});
