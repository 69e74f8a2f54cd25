import type { Link, Route, Snapshot } from '../../model/snapshot.js';
import { sysctlKey } from '../sysctl.js';
import { joinAnycast, leaveAnycast } from './anycast.js';
import type { SysctlChange } from './change.js';
import { Devices } from './devices.js';
import { hasLocalTable } from './kernel-routes6.js';
import { notModelled, Refusal } from './refusal.js';
import { withHops } from './route-list.js';
import { checkKey, resolveKey } from './sysctl-key.js';

/** What `sysctl -w KEY=VALUE` does, to the key and to what hangs on it. @throws Refusal */
export function setSysctl(snapshot: Snapshot, change: SysctlChange): Snapshot {
  const key = resolveKey(snapshot, change.key);
  checkKey(snapshot, key);
  const old = snapshot.sysctl?.get(key) ?? null;
  const value = readValue(key, change.value, old);
  const sysctl = new Map(snapshot.sysctl);
  sysctl.set(key, value);
  const changed = { ...snapshot, sysctl };
  const conf = /^net\.ipv([46])\.conf\.(.+)\.(\w+)$/.exec(key);
  if (key === 'net.ipv4.ip_forward') return forward4(snapshot, changed, value, old);
  if (!conf) return changed;
  const [, family, name, setting] = conf as unknown as [string, string, string, string];
  if (setting === 'forwarding') {
    if (family === '6') return forward6(changed, name, value);
    return name === 'all' ? forward4(snapshot, changed, value, old) : changed;
  }
  if (setting === 'ignore_routes_with_linkdown') {
    if (family === '6' && name === 'all') setEverywhere(changed, 'net.ipv6.conf', setting, value);
    return withLinkdownCounted(snapshot, changed, family === '6' ? 6 : 4);
  }
  // addrconf_sysctl_force_forwarding()
  if (setting === 'force_forwarding' && name === 'all' && value !== old) {
    const key = sysctlKey('net.ipv6.conf', 'default', setting);
    const standing = changed.sysctl.get(key);
    setEverywhere(changed, 'net.ipv6.conf', setting, value);
    if (standing !== undefined) changed.sysctl.set(key, standing);
  }
  if (['disable_ipv6', 'addr_gen_mode'].includes(setting) && value !== old) {
    throw notModelled(
      `${setting}, which makes and removes addresses,`,
      'remove an address with `--add "NODE:ip addr del …"` and a route with `ip -6 route del`',
    );
  }
  return changed;
}

/** proc_dointvec(): whole numbers, as many as there were. */
function readValue(key: string, value: string, old: string | null): string {
  const isNumbers = (text: string) => /^-?\d+([\t ]+-?\d+)*$/.test(text);
  if (old !== null && !isNumbers(old)) return value;
  const numbers = value
    .split(/[\t ]+/)
    .map((word) => (/^-?(\d+|0x[0-9a-f]+)$/i.test(word) ? Number(word) : Number.NaN));
  const count = old === null ? 1 : old.split(/[\t ]+/).length;
  const fits = numbers.every((number) => Number.isInteger(number) && Math.abs(number) <= 0x7fffffff);
  if (!fits || numbers.length > count) {
    throw new Refusal(
      `setting key "${key}": Invalid argument`,
      `"${value}" is not ${count === 1 ? 'a whole number' : `${count} whole numbers`}`,
    );
  }
  return numbers.join('\t');
}

/** inet_forward_change(): only where it is another value than before are the interfaces set. */
function forward4(before: Snapshot, changed: Snapshot, value: string, old: string | null): Snapshot {
  const sysctl = changed.sysctl!;
  const aliases = ['net.ipv4.ip_forward', 'net.ipv4.conf.all.forwarding'];
  const known =
    old ?? aliases.map((key) => before.sysctl?.get(key)).find((text) => text !== undefined) ?? null;
  for (const key of aliases) if (sysctl.has(key) || key.endsWith('ip_forward')) sysctl.set(key, value);
  if (known === value) return changed;
  setEverywhere(changed, 'net.ipv4.conf', 'forwarding', value);
  const redirects = 'net.ipv4.conf.all.accept_redirects';
  if (sysctl.has(redirects)) sysctl.set(redirects, value === '0' ? '1' : '0');
  return changed;
}

/** Sets `all`, `default` and every interface that there is. */
function setEverywhere({ sysctl, links }: Snapshot, tree: string, setting: string, value: string): void {
  const names = (links ?? []).map((link: Link) => sysctlKey(tree, link.name, setting));
  const known = [...sysctl!.keys()].filter(
    (key) => key.startsWith(`${tree}.`) && key.endsWith(`.${setting}`),
  );
  for (const key of [...known, ...names]) sysctl!.set(key, value);
}

/** addrconf_fixup_forwarding(): a router has anycast addresses, and takes no default route from others. */
function forward6(changed: Snapshot, name: string, value: string): Snapshot {
  if (name === 'default') return changed;
  if (name === 'all') setEverywhere(changed, 'net.ipv6.conf', 'forwarding', value);
  if (!changed.routes6) return changed;
  const on = value !== '0';
  let routes = changed.routes6;
  if (hasLocalTable(changed)) {
    const concerned = (changed.addresses ?? []).filter(
      (own) => own.address.includes(':') && (name === 'all' || own.interface === nameOf(name)),
    );
    for (const own of concerned) routes = on ? joinAnycast(routes, own) : leaveAnycast(routes, own, []);
  }
  return { ...changed, routes6: on ? withoutAdvertised(changed, routes) : routes };
}

/** A key has `/` for an interface's dots. */
function nameOf(word: string): string {
  return word.replaceAll('/', '.');
}

/** rt6_purge_dflt_routers() */
function withoutAdvertised(snapshot: Snapshot, routes: readonly Route[]): Route[] {
  const devices = new Devices(snapshot);
  const keeps = (name: string | null) => name !== null && devices.setting(6, name, 'accept_ra', 1) === 2;
  return routes.filter(
    (route) =>
      route.protocol !== 'ra' || route.destination !== '::/0' || keeps(route.nextHops[0]?.interface ?? null),
  );
}

/** `ip` prints next hops whose link is down as dead where that counts. */
function withLinkdownCounted(before: Snapshot, changed: Snapshot, family: 4 | 6): Snapshot {
  const field = family === 4 ? 'routes4' : 'routes6';
  const [was, is] = [new Devices(before), new Devices(changed)];
  const routes = changed[field]?.map((route) =>
    withHops(
      route,
      route.nextHops.map((hop) => {
        const { interface: name, flags } = hop;
        if (name === null || !flags.includes('linkdown')) return hop;
        const dead = was.isReallyDead(route, hop) || is.ignoresLinkdown(family, name);
        const rest = flags.filter((flag) => flag !== 'dead');
        return { ...hop, flags: dead ? ['dead', ...rest] : rest };
      }),
    ),
  );
  return routes ? { ...changed, [field]: routes } : changed;
}
