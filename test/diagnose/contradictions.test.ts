/** What is proof and what is not: a recorded drop with one thing changed in what the node says of itself. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';

/** node2 of rp-filter-strict, unpacked, to be changed. */
class Bundle {
  readonly directory: string;

  constructor(t: ExecutionContext, scenario = 'rp-filter-strict') {
    const root = scratch(t);
    execFileSync('tar', ['-xf', fixture(scenario, 'node2.tar.gz'), '-C', root]);
    this.directory = join(root, 'node2');
  }

  edit(name: string, change: (text: string) => string): this {
    const path = join(this.directory, name);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    return this;
  }

  without(...names: string[]): this {
    for (const name of names) rmSync(join(this.directory, name));
    return this;
  }

  /** Cause and confidence of each finding. */
  async findings(): Promise<string[]> {
    const options = { vips: [], keepGoing: false, attempts: 'all', warn: () => {} } as const;
    const { findings } = await analyze([this.directory], options);
    return findings.map((f) => `${f.cause} ${f.confidence}`);
  }
}

const NSTAT = ['nstat-before.json', 'nstat-after.json'];
const off = (text: string) => text.replace(/(\.rp_filter = )\d/g, '$10');
const noMartians = (text: string) => text.replace(/^.*(martian|ll header).*\n/gm, '');

test('as recorded: confirmed', async (t) => {
  t.deepEqual(await new Bundle(t).findings(), ['rp-filter confirmed']);
});

test('the martian line alone, or the drop reason alone, confirms it', async (t) => {
  t.deepEqual(await new Bundle(t).without('drops.txt', ...NSTAT).findings(), ['rp-filter confirmed']);
  t.deepEqual(
    await new Bundle(t)
      .edit('kernel.log', noMartians)
      .without(...NSTAT)
      .findings(),
    ['rp-filter confirmed'],
  );
});

test('without a record: probable', async (t) => {
  const bundle = new Bundle(t).edit('kernel.log', noMartians).without('drops.txt');
  t.deepEqual(await bundle.findings(), ['rp-filter probable']);
});

test('a counter that did not move speaks against everything else', async (t) => {
  const bundle = new Bundle(t);
  const before = readFileSync(join(bundle.directory, 'nstat-before.json'), 'utf8');
  t.deepEqual(await bundle.edit('nstat-after.json', () => before).findings(), ['undetermined possible']);
});

test('drop reasons name no packet: not against settings that let it in', async (t) => {
  const bundle = new Bundle(t)
    .edit('sysctl.txt', off)
    .edit('kernel.log', noMartians)
    .without(...NSTAT);
  t.deepEqual(await bundle.findings(), ['undetermined possible']);
});

test('a dated martian line and the counter outweigh settings that were changed afterwards', async (t) => {
  t.deepEqual(await new Bundle(t).edit('sysctl.txt', off).findings(), ['rp-filter confirmed']);
});

test('martian lines from long before the capture confirm nothing', async (t) => {
  const older = (text: string) => text.replace(/T04:/g, 'T01:');
  t.deepEqual(await new Bundle(t).edit('kernel.log', older).without('drops.txt').findings(), [
    'rp-filter probable',
  ]);
});

test('lines that cannot be dated make it possible, where the settings are not known', async (t) => {
  const undated = (text: string) => text.replace(/^\S+ /gm, '[ 3985.123456] ');
  const bundle = new Bundle(t).edit('kernel.log', undated);
  t.deepEqual(await bundle.without('clock.txt', 'sysctl.txt', 'drops.txt', ...NSTAT).findings(), [
    'rp-filter possible',
  ]);
});

test('lines that cannot be dated confirm nothing beside settings that demand the drop; its twin: dated, they do', async (t) => {
  const undated = (text: string) => text.replace(/^\S+ /gm, '[ 3985.123456] ');
  const bare = () => new Bundle(t).without('clock.txt', 'drops.txt', ...NSTAT);
  t.deepEqual(await bare().edit('kernel.log', undated).findings(), ['rp-filter probable']);
  t.deepEqual(await bare().findings(), ['rp-filter confirmed']);
});

test('a log of another zone, which it does not name', async (t) => {
  const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
  const syslog = (hours: number) => (text: string) =>
    text.replace(/^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d:\d\d),\S+ /gm, (_, _year, month, day, hour, rest) => {
      const moved = (Number(hour) + hours).toString().padStart(2, '0');
      return `${months[Number(month) - 1]} ${day} ${moved}:${rest} node2 kernel: `;
    });
  for (const hours of [0, 2, 9]) {
    const bundle = new Bundle(t).edit('kernel.log', syslog(hours)).without('drops.txt');
    t.deepEqual(await bundle.findings(), ['rp-filter confirmed'], `${hours} h ahead`);
  }
});

test("the node's own address as source is martian whatever rp_filter says", async (t) => {
  const own = (text: string) => {
    const interfaces = JSON.parse(text);
    interfaces[0].addr_info.push({ family: 'inet', local: '10.0.0.5', prefixlen: 32, scope: 'global' });
    return JSON.stringify(interfaces);
  };
  const bundle = new Bundle(t).edit('ip-addr.json', own).without('sysctl.txt', ...NSTAT);
  t.deepEqual(await bundle.findings(), ['undetermined possible']);
});

test("lines of another node's frames, in the one log of a machine, are not this node's", async (t) => {
  const others = (text: string) => text.replace(/(ll header: 00000000: )\S\S/g, '$1fe');
  const bundle = new Bundle(t).edit('kernel.log', others).without('drops.txt');
  t.deepEqual(await bundle.findings(), ['rp-filter probable']);
});

test('an ARP request that failed the check is logged in the same words, and is no lost packet', async (t) => {
  const arp = (text: string) => text.replace(/(ll header: .*) 08 00/g, '$1 08 06');
  const bundle = new Bundle(t).edit('kernel.log', arp).without('drops.txt');
  t.deepEqual(await bundle.findings(), ['rp-filter probable']);
});

test('drop records of other traffic, without settings that demand the drop, prove nothing', async (t) => {
  const unknown = ['sysctl.txt', 'ip-route.json', 'ip-rule.json', ...NSTAT];
  const bare = () => new Bundle(t).edit('kernel.log', noMartians).without(...unknown);
  t.deepEqual(await bare().findings(), ['rp-filter confirmed']);
  const crowd = (text: string) =>
    text.replace(/^.*IP_RPFILTER.*$/gm, (line) => Array.from({ length: 9 }, () => line).join('\n'));
  t.false((await bare().edit('drops.txt', crowd).findings()).some((f) => f.startsWith('rp-filter')));
});
