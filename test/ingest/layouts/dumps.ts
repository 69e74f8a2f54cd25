/** Dumps of other tools, made of what was recorded for a bundle: their real file names, and the contents that a bundle has. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What a bundle's file is in a dump: the path below the dump's root, by the file's name. */
type Paths = Readonly<Record<string, string | ((text: string) => Record<string, string>)>>;

const sos = (plugin: string, command: string) => `sos_commands/${plugin}/${command}`;

/** Files that people would find in the dump beside those that are read. */
export const NODE_DUMPS: Readonly<Record<string, Paths>> = {
  sosreport: {
    hostname: sos('host', 'hostname'),
    'ip-addr.json': sos('networking', 'ip_-d_address'),
    'ip-link.json': sos('networking', 'ip_-s_-d_link'),
    'ip-route.json': sos('networking', 'ip_route_show_table_all'),
    'ip-route6.json': sos('networking', 'ip_-6_route_show_table_all'),
    'ip-rule.json': sos('networking', 'ip_-4_rule_list'),
    'ip-rule6.json': sos('networking', 'ip_-6_rule_list'),
    'ip-neigh.json': sos('networking', 'ip_-s_-s_neigh_show'),
    'sysctl.txt': sos('kernel', 'sysctl_-a'),
    'kernel.log': sos('kernel', 'dmesg_-T'),
    'nstat-after.json': sos('networking', 'nstat_-zas'),
    'nft.json': sos('firewall_tables', 'nft_-a_list_ruleset'),
    'conntrack.txt': sos('conntrack', 'conntrack_-L_-o_extended'),
    'clock.txt': (text) => {
      const [date = '', uptime = ''] = text.split('\n');
      return { [sos('date', 'date_--utc')]: `${date}\n`, [sos('host', 'uptime')]: `${uptime}\n` };
    },
  },
  'Retina capture': {
    'ip-addr.json': 'ip-resources.txt',
    'ip-neigh.json': 'ip-resources.txt',
    'ip-rule.json': 'ip-resources.txt',
    'ip-route.json': 'ip-resources.txt',
    'sysctl.txt': sysctlTree,
    'iptables-save.txt': 'iptables-rules.txt',
    'conntrack.txt': 'proc-net/nf_conntrack',
  },
  'Rancher logs-collector': {
    hostname: 'systeminfo/hostname',
    'ip-addr.json': 'networking/ipaddrshow',
    'ip-link.json': 'networking/iplinkshow',
    'ip-route.json': 'networking/iproute',
    'ip-rule.json': 'networking/iprule',
    'ip-rule6.json': 'networking/ipv6rule',
    'ip-neigh.json': 'networking/ipneighbour',
    'iptables-save.txt': 'networking/iptablessave',
    'ip6tables-save.txt': 'networking/ip6tablessave',
    'nft.json': 'networking/nft_ruleset',
    'nstat-after.json': 'networking/netstatistics',
    'sysctl.txt': 'systeminfo/sysctla',
    'kernel.log': 'systeminfo/dmesg',
    'clock.txt': (text) => {
      const [date = '', uptime = ''] = text.split('\n');
      return { 'systeminfo/date': `${date}\n`, 'systeminfo/uptime': `${uptime}\n` };
    },
  },
  'cilium-bugtool': {
    hostname: 'cmd/hostname.md',
    'ip-addr.json': fenced('ip a'),
    'ip-link.json': 'cmd/ip--d--s-l.md',
    'ip-route.json': 'cmd/ip--4-r.md',
    'ip-route6.json': 'cmd/ip--6-r.md',
    'ip-rule.json': fenced('ip rule'),
    'ip-neigh.json': 'cmd/ip--4-n.md',
    'sysctl.txt': fenced('sysctl -a'),
    'kernel.log': 'cmd/dmesg---time-format=iso.md',
    'iptables-save.txt': fenced('iptables-save -c'),
    'ip6tables-save.txt': 'cmd/ip6tables-save--c.md',
  },
};

/** As `cilium-bugtool --enable-markdown` writes a command's output. */
function fenced(command: string) {
  return (text: string) => ({
    [`cmd/${command.replaceAll(' ', '-')}.md`]: `# ${command}\n\n\`\`\`\n${text}\n\`\`\`\n`,
  });
}

/** A file a setting, as in a copy of `/proc/sys/net`. */
function sysctlTree(text: string): Record<string, string> {
  const lines = [...text.matchAll(/^net\.(\S+) = (.*)$/gm)];
  return Object.fromEntries(
    lines.map(([, key, value]) => {
      const path = key!.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
      return [`proc-sys-net/${path}`, `${value}\n`];
    }),
  );
}

const RUNS: Readonly<Record<string, [command: string, description: string]>> = {
  'ip-addr.json': ['/usr/sbin/ip -d -j addr show', 'IP address configuration'],
  'ip-neigh.json': ['/usr/sbin/ip -d -j neighbor show', 'IP neighbor status'],
  'ip-rule.json': ['/usr/sbin/ip rule list', 'Policy routing list'],
  'ip-route.json': ['/usr/sbin/ip route show table all', 'Routes of all route tables'],
  'iptables-save.txt': ['/usr/sbin/iptables-save', 'IPtables rules'],
};

/** As Retina writes the outputs of several commands to one file. */
function runsOf(outputs: readonly [name: string, output: string][]): string {
  const commands = outputs.map(([name]) => RUNS[name]!);
  const summary = commands.map(([command, description]) => `${command}(${description})\n`).join('');
  const runs = outputs.map(([, output], i) => `${commands[i]![0]}\n\n${output}`).join('');
  return `Summary:\n\n${summary}\nExecute:\n\n${runs}`;
}

/** The text files of a bundle's directory, by name; its captures are left out. */
export function bundleTexts(directory: string): Map<string, string> {
  const names = readdirSync(directory, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && !/\.pcap/.test(entry.name),
  );
  return new Map(names.map(({ name }) => [name, readFileSync(join(directory, name), 'utf8')]));
}

/**
 * Writes the dump that a tool would have made of the node.
 *
 * @returns the bundle's files that it holds
 */
export function writeDump(layout: string, texts: ReadonlyMap<string, string>, into: string): string[] {
  const paths = NODE_DUMPS[layout]!;
  const runs = new Map<string, [string, string][]>();
  const held: string[] = [];
  for (const [name, path] of Object.entries(paths)) {
    const text = name === 'hostname' ? JSON.parse(texts.get('node.json')!).node : texts.get(name);
    if (text === undefined) continue;
    held.push(name);
    if (typeof path === 'function') {
      for (const [at, part] of Object.entries(path(text))) write(join(into, at), part);
    } else if (layout === 'Retina capture' && name in RUNS) {
      runs.set(path, [...(runs.get(path) ?? []), [name, text]]);
    } else write(join(into, path), text);
  }
  for (const [path, outputs] of runs) write(join(into, path), runsOf(outputs));
  return held;
}

export function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The bundle's directory, unpacked. */
export function unpack(archive: string, into: string): string {
  mkdirSync(into, { recursive: true });
  execFileSync('tar', ['-xf', archive, '-C', into]);
  const [name] = readdirSync(into);
  return existsSync(join(into, name!, 'node.json')) ? join(into, name!) : into;
}
