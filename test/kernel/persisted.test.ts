/** What the files of sysctl.d set, held against the programs that read them. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { readLinks } from '../../src/ingest/snapshot/ip-link.js';
import { readSysctlFile } from '../../src/ingest/snapshot/persisted-sysctl.js';
import { emptySnapshot } from '../../src/ingest/snapshot/snapshot.js';
import { bootSetting, type SysctlReader } from '../../src/kernel/persisted/boot.js';
import { bootRisks } from '../../src/kernel/persisted/boot-risks.js';
import { testInNamespaces } from '../gates.js';

const SYSTEMD = ['/usr/lib/systemd/systemd-sysctl', '/lib/systemd/systemd-sysctl'].find(existsSync);
const PROGRAMS: Record<SysctlReader, string> = {
  systemd: `${SYSTEMD}`,
  procps: 'sysctl --system',
};

const NAMES = ['all', 'default', 'dm0', 'dm1/5'];
const keyOf = (name: string) => `net.ipv4.conf.${name}.rp_filter`;

const PLACES = [
  'etc/sysctl.d/10-a.conf',
  'etc/sysctl.d/50-b.conf',
  'etc/sysctl.d/99-c.conf',
  'etc/sysctl.d/50-b.conf.bak',
  'run/sysctl.d/50-b.conf',
  'run/sysctl.d/60-d.conf',
  'usr/local/lib/sysctl.d/10-a.conf',
  'usr/local/lib/sysctl.d/Z.conf',
  'usr/lib/sysctl.d/50-b.conf',
  'usr/lib/sysctl.d/50-default.conf',
  'etc/sysctl.conf',
];

const LINES = [
  ...['all', 'default', 'dm0', 'dm1/5', '*', 'dm*', 'dm?', '[ad]*', 'absent'].map(keyOf),
  'net/ipv4/conf/dm1.5/rp_filter',
  'net/ipv4/conf/dm?.5/rp_filter',
];

const lines = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.constantFrom(...LINES), fc.constantFrom('0', '1', '2'))
      .map(([key, value]) => `${key} = ${value}`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...LINES), fc.constantFrom('1', '2'))
      .map(([key, value]) => `-${key}=${value}`),
  },
  { weight: 2, arbitrary: fc.constantFrom(...LINES).map((key) => `-${key}`) },
  { weight: 1, arbitrary: fc.constantFrom('', '# net.ipv4.conf.all.rp_filter = 2', '; nothing') },
);

type Tree = [path: string, content: string][];

const trees = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...PLACES), fc.array(lines, { maxLength: 4 })), {
    selector: ([path]) => path,
    minLength: 1,
    maxLength: 6,
  })
  .map((all): Tree => all.map(([path, content]) => [path, content.map((line) => `${line}\n`).join('')]));

/** @returns for each tree the values of `NAMES`, which were 0 before */
function applied(reader: SysctlReader, all: readonly Tree[]): string[][] {
  const script = `
    set -e
    mount --make-rprivate /
    for d in /etc /run /usr/local/lib /usr/lib/sysctl.d; do mount -t tmpfs none $d; done
    ip link add dm0 type bridge; ip link add dm1.5 type bridge
    ${all.map((tree) => caseScript(reader, tree)).join('\n')}`;
  const out = execFileSync('unshare', ['-n', '-m', 'bash', '-s'], { input: script, encoding: 'utf8' });
  const values = out.trim().split('\n');
  return all.map((_, i) => values.slice(i * NAMES.length, (i + 1) * NAMES.length));
}

function caseScript(reader: SysctlReader, tree: Tree): string {
  const files = NAMES.map((name) => `/proc/sys/net/ipv4/conf/${name.replace('/', '.')}/rp_filter`);
  return `
    rm -rf /etc/* /run/* /usr/local/lib/* /usr/lib/sysctl.d/*
    mkdir -p /etc/sysctl.d /run/sysctl.d /usr/local/lib/sysctl.d
    ${tree.map(([path, content]) => `cat > /${path} <<'END'\n${content}END`).join('\n')}
    for f in ${files.join(' ')}; do echo 0 > $f; done
    ${PROGRAMS[reader]} >/dev/null 2>&1 || true
    cat ${files.join(' ')}`;
}

function predicted(reader: SysctlReader, tree: Tree): string[] {
  const files = tree
    .filter(([path]) => path.endsWith('.conf'))
    .map(([path, content]) => readSysctlFile(content, path, path));
  return NAMES.map((name) => bootSetting(files, keyOf(name), reader)?.value ?? '0');
}

for (const reader of ['systemd', 'procps'] as const) {
  const tools = reader === 'systemd' ? [] : ['sysctl'];
  const gated = reader === 'systemd' && !SYSTEMD ? test.skip : testInNamespaces('unshare', ...tools);
  gated(`${reader} sets what the model says that it does`, (t) => {
    const all = fc.sample(trees, 60);
    for (const [i, values] of applied(reader, all).entries()) {
      t.deepEqual(values, predicted(reader, all[i]!), JSON.stringify(all[i]));
    }
  });
}

/** What a node with these files and running values is told; eth0 is a physical device, vxlan0 is not. */
function risks(files: Record<string, string>, values: Record<string, string>): string[] {
  const link = (ifname: string, kind?: string) => ({
    ifindex: 1,
    ifname,
    flags: ['UP'],
    link_type: 'ether',
    ...(kind ? { linkinfo: { info_kind: kind } } : {}),
  });
  return bootRisks({
    ...emptySnapshot('node1', null, ''),
    links: readLinks(JSON.stringify([link('eth0'), link('vxlan0', 'vxlan')]), 'ip-link.json'),
    sysctl: new Map(Object.entries(values)),
    persisted: Object.entries(files).map(([path, text]) => readSysctlFile(text, path, path)),
  });
}

const LOOSE = { [keyOf('all')]: '0', [keyOf('eth0')]: '2', [keyOf('vxlan0')]: '2' };

test('what the next boot makes strict is told, with the line that does', (t) => {
  const all = risks({ 'etc/sysctl.d/10-x.conf': '\nnet.ipv4.conf.all.rp_filter=1' }, LOOSE);
  t.is(all.length, 1);
  t.regex(
    all[0]!,
    /^node1: \/etc\/sysctl\.d\/10-x\.conf line 2 sets net\.ipv4\.conf\.all\.rp_filter to 1, .* into eth0, vxlan0 are/,
  );
  const made = risks({ 'etc/sysctl.d/10-x.conf': 'net.ipv4.conf.default.rp_filter=1' }, LOOSE);
  t.is(made.length, 1);
  t.regex(made[0]!, /into vxlan0 are/, 'eth0 is there before the files are read');
});

test('nothing is told where the boot leaves it loose, where it is strict now, and where something is not known', (t) => {
  const STRICT = { 'etc/sysctl.d/10-x.conf': 'net.ipv4.conf.all.rp_filter=1' };
  t.deepEqual(risks({ ...STRICT, 'etc/sysctl.d/20-y.conf': 'net.ipv4.conf.*.rp_filter=2' }, LOOSE), []);
  t.deepEqual(risks(STRICT, { ...LOOSE, [keyOf('eth0')]: '1', [keyOf('vxlan0')]: '1' }), []);
  t.deepEqual(risks(STRICT, {}), []);
  t.deepEqual(risks({}, LOOSE), []);
});

test('forwarding that the next boot turns off is told', (t) => {
  const on = { 'net.ipv4.ip_forward': '1' };
  const off = 'net.ipv4.ip_forward = 0\n';
  t.regex(risks({ 'etc/sysctl.d/10-x.conf': off }, on).join(), /forwards no IPv4 packets/);
  t.deepEqual(risks({ 'etc/sysctl.d/10-x.conf': `${off}net.ipv4.conf.all.forwarding=1` }, on), []);
  t.deepEqual(risks({ 'etc/sysctl.d/10-x.conf': off }, { 'net.ipv4.ip_forward': '0' }), []);
});
