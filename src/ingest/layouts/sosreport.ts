import type { Snapshot } from '../../model/snapshot.js';
import { HOSTNAME, layoutOf, type Rule } from './layout.js';
import { procNet } from './proc.js';

const NETWORKING = 'sos_commands/networking';
/** sos writes a command's name with `_` for all but letters, digits, `-` and `.`. */
const IN_NETNS = `${NETWORKING}/namespaces/{netns}/ip_netns_exec_{netns}`;
const ROUTES = ['ip-route.json', 'ip-route6.json'];

/** One listing a table, which its chains tell; those of `security` would pass for `filter`. */
const LISTINGS = ['iptables', 'ip6tables'].flatMap((command) =>
  ['-t_filter_-nvL', '-t_nat_-nvL', '-t_mangle_-nvL', '-t_raw_-nvL', '-vnxL'].map(
    (options): Rule => ({
      path: `sos_commands/firewall_tables/${command}_${options}`,
      to: `${command}-save.txt`,
      isPart: true,
    }),
  ),
);

/**
 * `sos report` 4 (sos/report/plugins: networking, kernel, logs, date, host, firewall_tables, conntrack, ipvs), and what
 * `sos clean` makes of it.
 */
export const sosreport = layoutOf({
  name: 'sosreport',
  called: 'a sosreport',
  scope: 'node',
  lacks: ['drops.txt', 'nstat-before.json', 'ipset.txt'],
  remark: obfuscation,
  rules: [
    { path: 'sos_commands/host/hostname', to: HOSTNAME },
    { path: 'etc/hostname', to: HOSTNAME, rank: -1, isCommon: true },
    { path: `${NETWORKING}/ip_-d_address`, to: 'ip-addr.json', rank: 1 },
    { path: `${NETWORKING}/ip_-o_addr`, to: 'ip-addr.json' },
    { path: `${NETWORKING}/ip_-s_-d_link`, to: 'ip-link.json' },
    // With no family asked for, it lists both.
    { path: `${NETWORKING}/ip_route_show_table_all`, to: ROUTES },
    { path: `${NETWORKING}/ip_-6_route_show_table_all`, to: 'ip-route6.json', rank: 1 },
    { path: `${NETWORKING}/ip_-4_rule_list`, to: 'ip-rule.json' },
    { path: `${NETWORKING}/ip_-6_rule_list`, to: 'ip-rule6.json' },
    { path: `${NETWORKING}/ip_-s_-s_neigh_show`, to: 'ip-neigh.json' },
    { path: `${NETWORKING}/nstat_-zas`, to: 'nstat-after.json', rank: 2 },
    { path: `${NETWORKING}/netstat_-s`, to: 'nstat-after.json', rank: 1 },
    ...procNet('proc/net'),
    { path: 'sos_commands/kernel/sysctl_-a', to: 'sysctl.txt', rank: 1 },
    { path: 'sos_commands/kernel/dmesg_-T', to: 'kernel.log' },
    { path: 'sos_commands/kernel/dmesg', to: 'dmesg' },
    { path: 'sos_commands/logs/journalctl_--no-pager', to: 'journal.txt' },
    { path: 'var/log/kern.log{rotation}', to: 'kern.log{rotation}', isCommon: true },
    { path: 'var/log/kern.log', to: 'kern.log', isCommon: true },
    { path: 'var/log/messages{rotation}', to: 'messages{rotation}', isCommon: true },
    { path: 'var/log/messages', to: 'messages', isCommon: true },
    { path: 'sos_commands/date/date_--utc', to: 'clock.txt', isPart: true },
    { path: 'sos_commands/host/uptime', to: 'clock.txt', isPart: true },
    { path: 'sos_commands/firewall_tables/nft_-a_list_ruleset', to: 'nft.txt' },
    ...LISTINGS,
    { path: 'sos_commands/conntrack/conntrack_-L_-o_extended', to: 'conntrack.txt' },
    { path: 'sos_commands/ipvs/ipvsadm_-Ln', to: 'ipvsadm.txt' },
    { path: 'sos_commands/kubernetes/{file**}_get_-o_json_{kind}', to: 'kube/{path}.json' },
    { path: `${IN_NETNS}_ip_-d_address_show`, to: 'ip-addr.json' },
    { path: `${IN_NETNS}_ip_route_show_table_all`, to: ROUTES },
    { path: `${IN_NETNS}_ip_-4_rule_list`, to: 'ip-rule.json' },
    { path: `${IN_NETNS}_ip_-6_rule_list`, to: 'ip-rule6.json' },
    { path: `${IN_NETNS}_ip_-s_-s_neigh_show`, to: 'ip-neigh.json' },
    { path: `${IN_NETNS}_sysctl_-a`, to: 'sysctl.txt' },
    { path: `${IN_NETNS}_nstat_-zas`, to: 'nstat-after.json', rank: 1 },
    { path: `${IN_NETNS}_netstat_-s`, to: 'nstat-after.json' },
    { path: `${IN_NETNS}_iptables-save`, to: 'iptables-save.txt' },
    { path: `${IN_NETNS}_ip6tables-save`, to: 'ip6tables-save.txt' },
    {
      path: 'sos_commands/conntrack/ip_netns_exec_{netns}_conntrack_-L_-o_extended',
      to: 'conntrack.txt',
    },
  ],
});

/** The vendor's part of every MAC that `sos clean` writes: `SOS`. */
const OBFUSCATED = /^53:4f:53:/i;

function obfuscation({ links, addresses }: Snapshot): string | null {
  const mac = links?.map((link) => link.mac ?? '').find((own) => OBFUSCATED.test(own));
  if (mac === undefined) return null;
  const example = addresses?.find(({ scope }) => scope === 'global');
  const also = example ? `, nor is ${example.address} surely the address of ${example.interface}` : '';
  return `sos clean has put other addresses in place of the node's own (${mac} is no real MAC${also}): packets cannot match it; the report from before it was cleaned does`;
}
