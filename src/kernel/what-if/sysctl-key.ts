import type { Snapshot } from '../../model/snapshot.js';
import { Refusal } from './refusal.js';

/** Settings of interfaces that are taken where a snapshot has no such key: those that the kernel model reads, and some beside them. */
const KNOWN = new Set(
  `accept_local accept_redirects arp_accept arp_announce arp_filter arp_ignore bc_forwarding drop_gratuitous_arp
  forwarding ignore_routes_with_linkdown log_martians promote_secondaries proxy_arp proxy_arp_pvlan route_localnet
  rp_filter secure_redirects send_redirects shared_media src_valid_mark accept_dad accept_ra accept_ra_defrtr
  autoconf disable_ipv6 addr_gen_mode force_forwarding proxy_ndp`.split(/\s+/),
);
const KNOWN_KEYS = new Set(['net.ipv4.ip_forward', 'net.ipv4.ip_nonlocal_bind', 'net.ipv6.ip_nonlocal_bind']);

/** Those that can be read only, or written only. */
const READ_ONLY = [
  /\.mc_forwarding$/,
  /\.stable_secret$/,
  /^net\.netfilter\.nf_conntrack_count$/,
  /^net\.ipv[46]\.route\.flush$/,
  /^net\.ipv4\.tcp_available_/,
];

/**
 * `net.ipv4.conf.eth0.100.rp_filter` as `net.ipv4.conf.eth0/100.rp_filter`: what stands between the tree and the
 * setting is one interface's name.
 */
export function resolveKey(snapshot: Snapshot, key: string): string {
  if (snapshot.sysctl?.has(key)) return key;
  const match = /^(net\.ipv[46]\.(?:conf|neigh))\.(.+)\.(\w+)$/.exec(key);
  return match ? `${match[1]}.${match[2]!.replaceAll('.', '/')}.${match[3]}` : key;
}

/** @throws Refusal where the node has no such key, or it cannot be written */
export function checkKey(snapshot: Snapshot, key: string): void {
  const { sysctl, links } = snapshot;
  const match = /^(net\.ipv[46]\.conf)\.(.+)\.(\w+)$/.exec(key);
  const [, tree = '', word = '', setting = ''] = match ?? [];
  const name = word.replaceAll('/', '.');
  const names = links?.map((link) => link.name) ?? (sysctl ? namesOf(sysctl, tree) : null);
  if (match && names && !['all', 'default', ...names].includes(name)) {
    throw new Refusal(unknownKey(key), `the node has no interface ${name}: it has ${names.join(', ')}`);
  }
  if (READ_ONLY.some((pattern) => pattern.test(key))) {
    throw new Refusal(`setting key "${key}": Permission denied`, 'it is no setting: it cannot be written');
  }
  if (sysctl?.has(key)) return;
  const settings = match && sysctl ? settingsOf(sysctl, tree) : new Set<string>();
  if (match ? settings.has(setting) || KNOWN.has(setting) : KNOWN_KEYS.has(key)) return;
  const near = [...settings].filter((other) => distance(other, setting) <= 2);
  const cure =
    near.length > 0 ? `there is ${near.join(', ')}` : 'the snapshot has no such key: see its sysctl.txt';
  throw new Refusal(unknownKey(key), cure);
}

/** In the words of sysctl(8). */
function unknownKey(key: string): string {
  const path = key.replace(/[./]/g, (separator) => (separator === '.' ? '/' : '.'));
  return `cannot stat /proc/sys/${path}: No such file or directory`;
}

function namesOf(sysctl: ReadonlyMap<string, string>, tree: string): string[] {
  const names = [...sysctl.keys()]
    .filter((key) => key.startsWith(`${tree}.`))
    .map((key) => key.slice(tree.length + 1, key.lastIndexOf('.')).replaceAll('/', '.'));
  return [...new Set(names)].filter((name) => name !== 'all' && name !== 'default');
}

function settingsOf(sysctl: ReadonlyMap<string, string>, tree: string): Set<string> {
  const keys = [...sysctl.keys()].filter((key) => key.startsWith(`${tree}.`));
  return new Set(keys.map((key) => key.slice(key.lastIndexOf('.') + 1)));
}

/** Levenshtein's: how many letters apart two words are. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(above[j]! + 1, row[j - 1]! + 1, change));
    }
  }
  return row[b.length]!;
}
