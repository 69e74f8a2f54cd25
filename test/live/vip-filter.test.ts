/** What `--vip` leaves out of a capture must not change what is found in it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { analyze } from '../../src/analyze.js';
import { captureFilter } from '../../src/live/filter.js';
import { testWith } from '../gates.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { found } from './found.js';

const test = testWith('tcpdump', 'tar', 'gzip', 'zstd');

/** One of each way that the VIP is hidden by: translation, tunnels, pods of their own. */
const TAKEN = /^(rp-filter-strict|healthy-.*|untranslated-.*|filtered-vxlan-.*|filtered-in-pod)$/;

const RECORDINGS = readdirSync(fixture()).filter((name) => {
  if (!TAKEN.test(name)) return false;
  try {
    return readdirSync(fixture(name)).includes('truth.json');
  } catch {
    return false;
  }
});

for (const name of RECORDINGS) {
  test(`${name}: the same by the packets that --vip keeps`, async (t) => {
    const { vip } = JSON.parse(readFileSync(fixture(name, 'truth.json'), 'utf8')) as { vip: string };
    const entries = readdirSync(fixture(name)).filter((entry) => !/^(truth\.json|README\.md)$/.test(entry));
    const into = scratch(t);
    const bundles = entries.map((entry) => {
      const node = entry.replace(/\.(tar\.gz|tgz|tar)$/, '');
      mkdirSync(join(into, node));
      const from = fixture(name, entry);
      if (node === entry) execFileSync('cp', ['-r', `${from}/.`, join(into, node)]);
      else execFileSync('tar', ['-xf', from, '-C', join(into, node), '--strip-components=1']);
      return join(into, node);
    });
    for (const path of readdirSync(into, { recursive: true, encoding: 'utf8' })) {
      const file = join(into, path);
      if (/\.pcap(ng)?\.gz$/.test(file)) execFileSync('gzip', ['-d', file]);
      if (/\.pcap(ng)?\.zst$/.test(file)) execFileSync('zstd', ['-q', '-d', '--rm', file]);
    }
    const options = { vips: [vip], keepGoing: false, attempts: 'all', warn: () => {} } as const;
    const whole = await analyze(bundles, options);
    const filter = captureFilter({ filter: null, vips: [vip] });
    for (const path of readdirSync(into, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.pcap')) continue;
      const file = join(into, path);
      execFileSync('tcpdump', ['-r', file, '-w', `${file}.kept`, filter], { stdio: 'ignore' });
      renameSync(`${file}.kept`, file);
    }
    const kept = await analyze(bundles, options);
    t.deepEqual(found(kept), found(whole));
    t.deepEqual(
      kept.totals.filter((total) => total.vip !== null),
      whole.totals.filter((total) => total.vip !== null),
    );
  });
}

/** Packets of a capture, told by tshark's filter. */
function countOf(file: string, filter: string): number {
  const text = execFileSync('tshark', ['-r', file, '-Y', filter], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return text.split('\n').filter(Boolean).length;
}

testWith(
  'tcpdump',
  'tshark',
  'tar',
)('of other connections the data alone is left out, of either version of IP', (t) => {
  for (const name of ['healthy-masquerade', 'untranslated-ipv6']) {
    const into = scratch(t);
    const [bundle] = readdirSync(fixture(name)).filter((entry) => entry.endsWith('.gz'));
    execFileSync('tar', ['-xf', fixture(name, bundle!), '-C', into, '--strip-components=1']);
    const [capture] = readdirSync(into).filter((entry) => entry.endsWith('.pcap'));
    const file = join(into, capture!);
    const kept = `${file}.kept`;
    // An address that is in none of them.
    execFileSync('tcpdump', ['-r', file, '-w', kept, captureFilter({ filter: null, vips: ['192.0.2.99'] })], {
      stdio: 'ignore',
    });
    const bare = 'tcp.len == 0 && !vxlan && !icmp && !icmpv6';
    const data = 'tcp.len > 0 && !vxlan && tcp.flags & 7 == 0 && !icmp && !icmpv6';
    t.true(countOf(file, bare) > 0);
    t.is(countOf(kept, bare), countOf(file, bare));
    // The connections of the other were never made.
    if (name.startsWith('healthy')) t.true(countOf(file, data) > 0);
    t.is(countOf(kept, data), 0);
  }
});
