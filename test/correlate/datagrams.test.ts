/** UDP and echoes through NAT and a tunnel, as recorded, against what conntrack and tshark say of them. */
import { execFileSync } from 'node:child_process';
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis, AnalysisAttempt } from '../../src/model/analysis.js';
import { testWith } from '../gates.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { shift, unpack } from './recorded.js';

const NODES = ['client', 'gate', 'server'];
const VIP = '198.18.9.9';
const VIP6 = '2001:db8:9::9';

/** The bundles' directories, without the conntrack table: it is what the result is compared with. */
async function bundles(t: ExecutionContext, rules: string): Promise<{ root: string; conntrack: string }> {
  const root = scratch(t);
  for (const node of NODES) await unpack(fixture('datagrams', rules, `${node}.tar.gz`), root);
  const conntrack = await readFile(join(root, 'gate/conntrack.txt'), 'utf8');
  await rm(join(root, 'gate/conntrack.txt'));
  return { root, conntrack };
}

const run = (inputs: string[], vips: string[] = []) =>
  analyze(inputs, { vips, keepGoing: false, attempts: 'all', warn: () => {} });

const label = ({ protocol, client, server, outcome, tries }: AnalysisAttempt) =>
  `${protocol} ${client.address} ${client.port} > ${server.address} ${server.port} ${outcome} ${tries}`;
const labels = (analysis: Analysis) => analysis.attempts.map(label).sort();

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
const CLIENT = '198.18.1.2';
const CLIENT6 = '2001:db8:1::2';
const TO_VIPS = [
  `udp ${CLIENT} 123 > ${VIP} 123 established 1`,
  `udp 198.18.1.3 123 > ${VIP} 123 established 1`,
  ...[...range(40_001, 40_007), 40_007].map((p) => `udp ${CLIENT} ${p} > ${VIP} 53 established 1`),
  ...range(40_008, 40_032).map((p) => `udp ${CLIENT} ${p} > ${VIP} 7000 established 1`),
  `udp ${CLIENT} 40033 > ${VIP} 443 established 1`,
  `udp ${CLIENT} 40034 > ${VIP} 9001 no-reply 3`,
  `udp ${CLIENT} 40035 > ${VIP} 9002 refused 1`,
  `udp ${CLIENT} 40036 > ${VIP} 9003 reply-lost 1`,
  `udp ${CLIENT} 40037 > ${VIP} 9003 reply-lost 3`,
  ...range(40_040, 40_041).map((p) => `udp ${CLIENT6} ${p} > ${VIP6} 53 established 1`),
  ...range(1, 3).map(() => `icmp ${CLIENT} null > ${VIP} null established 1`),
  ...range(1, 2).map(() => `icmp ${CLIENT6} null > ${VIP6} null established 1`),
];
const OTHERS = [
  `icmp ${CLIENT} null > 198.18.1.1 null established 1`,
  ...range(1, 2).map(() => `icmp ${CLIENT} null > 198.18.9.10 null no-reply 1`),
];
const ALL = [...TO_VIPS, ...OTHERS].sort();

for (const rules of ['iptables', 'nftables']) {
  test(`${rules}: every exchange is one attempt, over bridge, NAT, tunnel and nodes`, async (t) => {
    const { root } = await bundles(t, rules);
    const given = NODES.map((node) => join(root, node));
    const analysis = await run(given);
    t.deepEqual(labels(analysis), ALL);
    t.deepEqual(labels(await run(given.toReversed())), ALL);
    // Of a named VIP everything counts: this turned round in a loop between the gate and the server.
    const syslog = `udp ${CLIENT} 40039 > ${VIP} 514 unreachable 1`;
    t.deepEqual(labels(await run(given, [VIP, VIP6])), [...TO_VIPS, syslog].sort());
    const vips = analysis.vips.map((vip) => vip.address).sort();
    t.deepEqual(vips, [VIP, VIP6]);
    for (const { path, outcome, client } of analysis.attempts.filter((a) => a.outcome === 'established')) {
      const nodes = [...new Set(path.map((s) => s.node))];
      if (path[0]!.destination.address === '198.18.1.1') continue;
      t.true(nodes.includes('gate') && nodes.includes('server'), `${client.port} ${outcome}`);
    }
  });

  test(`${rules}: the gate alone tells the same`, async (t) => {
    const { root } = await bundles(t, rules);
    t.deepEqual(labels(await run([join(root, 'gate')])), ALL);
  });

  test(`${rules}: what the gate made of each is what its conntrack table says`, async (t) => {
    const { root, conntrack } = await bundles(t, rules);
    const { attempts } = await run(NODES.map((node) => join(root, node)));
    const wanted = new Map<string, string>();
    for (const line of conntrack.split('\n').filter((l) => l.startsWith('udp'))) {
      const [src, back] = [...line.matchAll(/\bsrc=(\S+)/g)].map((m) => m[1]!);
      const [dst, forth] = [...line.matchAll(/\bdst=(\S+)/g)].map((m) => m[1]!);
      const [sport, from] = [...line.matchAll(/\bsport=(\d+)/g)].map((m) => m[1]!);
      const [dport, to] = [...line.matchAll(/\bdport=(\d+)/g)].map((m) => m[1]!);
      wanted.set(`${src} ${sport} ${dst} ${dport}`, `${forth} ${to} ${back} ${from}`);
    }
    let compared = 0;
    for (const { protocol, client, server, path } of attempts) {
      const expected = wanted.get(`${client.address} ${client.port} ${server.address} ${server.port}`);
      if (protocol !== 'udp' || expected === undefined) continue;
      const last = path.findLast((s) => s.role === 'request')!;
      const { source, destination } = last;
      t.is(`${source.address} ${source.port} ${destination.address} ${destination.port}`, expected);
      compared++;
    }
    t.true(compared > 35, `${compared}`);
  });

  test(`${rules}: clocks that are off change nothing but the times`, async (t) => {
    const { root } = await bundles(t, rules);
    for (const [i, offset] of [3_600_000_000_000n, -37_000_000_000n, 250_000_000n].entries()) {
      const skewed = join(root, `skewed${i}`, 'gate');
      await cp(join(root, 'gate'), skewed, { recursive: true });
      const pcap = await readFile(join(skewed, 'any.pcap'));
      await writeFile(join(skewed, 'any.pcap'), shift(pcap, offset, 40));
      const analysis = await run([join(root, 'client'), skewed, join(root, 'server')]);
      t.deepEqual(labels(analysis), ALL, `${offset}`);
      const error = BigInt(analysis.clocks[1]!.offsetNs!) - offset;
      t.true(error > -2_000_000n && error < 2_000_000n, `${error}`);
    }
  });

  testWith('tshark')(`${rules}: the client's conversations are those that tshark lists`, async (t) => {
    const { root } = await bundles(t, rules);
    const pcap = join(root, 'client/any.pcap');
    const { attempts } = await run([join(root, 'client')]);
    const conversations = execFileSync('tshark', ['-r', pcap, '-q', '-n', '-z', 'conv,udp'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const listed = [...conversations.matchAll(/^(\S+):(\d+)\s+<-> (\S+):(\d+)\s/gm)].map(([, ...ends]) => {
      const [a, b] = [`${ends[0]} ${ends[1]}`, `${ends[2]} ${ends[3]}`];
      return [a, b].sort().join(' ');
    });
    const noise = / (33434|514|6000|5353|5355|1900|67|68|547|546)\b/;
    const ours = new Set(
      attempts
        .filter((a) => a.protocol === 'udp')
        .map(({ client, server }) =>
          [`${client.address} ${client.port}`, `${server.address} ${server.port}`].sort().join(' '),
        ),
    );
    t.deepEqual([...ours].sort(), listed.filter((l) => !noise.test(l)).sort());
  });
}
