import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readSnapshots } from '../../../src/correlate/read-snapshots.js';
import { bootSetting } from '../../../src/kernel/persisted/boot.js';
import { scratch } from '../../scratch.js';
import { write } from './dumps.js';

const ROOT = 'sosreport-node7-2026-01-31-abcdefg';

const MARTIAN = 'IPv4: martian source 10.244.1.10 from 10.0.0.5, on dev flannel.1';

const columns = ' pkts bytes target     prot opt in     out     source               destination         ';
const listing = (chains: readonly string[], rule = '') =>
  chains.map((name) => `Chain ${name} (policy ACCEPT 0 packets, 0 bytes)\n${columns}\n${rule}`).join('\n');

const FILES: Readonly<Record<string, string>> = {
  'sos_commands/host/hostname': 'node7\n',
  'sos_commands/networking/ip_-o_addr': '2: eth0    inet 192.168.0.2/24 scope global eth0\n',
  'sos_commands/date/date_--utc': 'Sat Jan 31 12:00:00 UTC 2026\n',
  'sos_commands/kernel/dmesg_-T': `[Sat Jan 31 11:59:00 2026] ${MARTIAN}\n`,
  // Goes farther back, as the other one was cut.
  'sos_commands/kernel/dmesg': `[   10.000000] ${MARTIAN}\n[   70.000000] ${MARTIAN}\n`,
  'sos_commands/host/uptime': ' 12:00:00 up 2 min,  1 user,  load average: 0.00, 0.00, 0.00\n',
  'sos_commands/firewall_tables/nft_-a_list_ruleset': '',
  'sos_commands/firewall_tables/iptables_-t_nat_-nvL': listing([
    'PREROUTING',
    'INPUT',
    'OUTPUT',
    'POSTROUTING',
  ]),
  'sos_commands/firewall_tables/iptables_-vnxL': listing(
    ['INPUT', 'FORWARD', 'OUTPUT'],
    '       7      420 DROP       6    --  eth0   *       0.0.0.0/0            0.0.0.0/0            tcp dpt:80\n',
  ),
  'etc/sysctl.conf': 'net.ipv4.ip_forward = 0\n',
  'etc/sysctl.d/50-own.conf': 'net.ipv4.ip_forward = 1\n',
  'usr/lib/sysctl.d/50-default.conf': 'net.ipv4.conf.*.rp_filter = 2\n-net.ipv4.conf.all.rp_filter\n',
  'run/sysctl.d/10-made.conf': 'net.ipv4.tcp_sack = 0\n',
  'var/log/installer/syslog': `Jan  1 00:00:00 host kernel: ${MARTIAN}\n`,
  'var/log/anaconda/dmesg.log': `[    1.000000] ${MARTIAN}\n`,
};

function sosreport(directory: string): string {
  for (const [path, text] of Object.entries(FILES)) write(join(directory, ROOT, path), text);
  symlinkSync('../sysctl.conf', join(directory, ROOT, 'etc/sysctl.d/99-sysctl.conf'));
  return directory;
}

for (const form of ['directory', 'archive']) {
  test(`what a sosreport has of logs, rules and settings is of its node, and of it alone: ${form}`, async (t) => {
    const directory = sosreport(scratch(t));
    const archive = join(scratch(t), `${ROOT}.tar`);
    execFileSync('tar', ['-cf', archive, '-C', directory, ROOT]);
    const { snapshots, warnings } = await readSnapshots([form === 'archive' ? archive : directory], {
      keepGoing: false,
    });
    t.deepEqual(
      snapshots.map(({ node }) => node),
      ['node7'],
    );
    const [{ kernelLog, nft, iptables, persisted }] = snapshots as [(typeof snapshots)[number]];
    t.deepEqual(nft, { nftables: [] });
    t.deepEqual(iptables!.match(/^\*.*$/gm), ['*nat', '*filter']);
    t.true(iptables!.includes('-A INPUT -i eth0 -p 6 -m tcp --dport 80 -j DROP'));
    t.is(kernelLog!.files.length, 2);
    t.is(kernelLog!.martians.length, 2);
    t.deepEqual(persisted!.map(({ path }) => path).sort(), [
      'etc/sysctl.conf',
      'etc/sysctl.d/50-own.conf',
      'etc/sysctl.d/99-sysctl.conf',
      'run/sysctl.d/10-made.conf',
      'usr/lib/sysctl.d/50-default.conf',
    ]);
    const then = bootSetting(persisted!, 'net.ipv4.ip_forward');
    t.deepEqual([then?.value, then?.file.path], ['0', 'etc/sysctl.d/99-sysctl.conf']);
    t.regex(then!.file.file, /etc\/sysctl\.d\/99-sysctl\.conf$/);
    t.is(bootSetting(persisted!, 'net.ipv4.conf.eth0.rp_filter')?.value, '2');
    t.deepEqual(
      warnings.filter((line) => !/has no table|assum|taken/.test(line)),
      [],
    );
  });
}
