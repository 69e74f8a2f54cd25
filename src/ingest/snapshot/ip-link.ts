import { canonicalAddress, parseMac } from '../../model/address.js';
import type { Link } from '../../model/snapshot.js';
import { type Entry, nestedEntry, numberField, requiredText, textField, textsField } from './json.js';
import { readEntries } from './text/entries.js';
import { linksOfText } from './text/links.js';

/**
 * Reads `ip -j -d link show`, or the same without `-j`; `ip addr show` has the same fields but for the kind.
 *
 * @returns none where `ip -o addr` was given, which tells of addresses alone
 * @throws InputError
 */
export function readLinks(text: string, file: string): Link[] {
  const links = readEntries(text, file, linksOfText)
    .filter(({ fields }) => fields.ifname !== undefined || fields.addr_info === undefined)
    .map(readLink);
  const vrfs = new Set(links.filter(({ kind }) => kind === 'vrf').map(({ name }) => name));
  return links.map((link) =>
    link.master === null || !vrfs.has(link.master) ? link : { ...link, master: null, vrf: link.master },
  );
}

function readLink(entry: Entry): Link {
  const info = nestedEntry(entry, 'linkinfo');
  const kind = (info && textField(info, 'info_kind')) ?? (isVrf(entry) ? 'vrf' : null);
  const data = info && nestedEntry(info, 'info_data');
  const type = textField(entry, 'link_type') ?? '';
  // A veth's `link` is its peer, which is no lower device. `link_index` in its place is of another namespace.
  const lower = kind === 'veth' ? null : textField(entry, 'link');
  const vrfTable = kind === 'vrf' && data ? numberField(data, 'table') : null;
  return {
    ifindex: numberField(entry, 'ifindex') ?? 0,
    name: requiredText(entry, 'ifname'),
    mac: readMac(entry, type),
    flags: textsField(entry, 'flags'),
    operState: textField(entry, 'operstate') ?? 'UNKNOWN',
    mtu: numberField(entry, 'mtu') ?? 0,
    group: textField(entry, 'group') ?? 'default',
    type,
    kind,
    master: textField(entry, 'master'),
    ...(nestedEntry(entry, 'xdp') ? { hasXdp: true as const } : {}),
    ...(vrfTable === null ? {} : { vrfTable: String(vrfTable) }),
    lower: kind === 'vxlan' && data ? textField(data, 'link') : lower,
    vxlan: kind === 'vxlan' && data ? readVxlan(data) : null,
    vlanId: kind === 'vlan' && data ? numberField(data, 'id') : null,
  };
}

/** What no other device has at once, where the kind is not told (`ip link` without `-d`): vrf_setup(). */
function isVrf(entry: Entry): boolean {
  const flags = textsField(entry, 'flags');
  return flags.includes('MASTER') && flags.includes('NOARP') && !flags.includes('BROADCAST');
}

/** Tunnels print their IP address here, the loopback device zeros. */
function readMac(entry: Entry, type: string): string | null {
  const address = textField(entry, 'address')?.toLowerCase() ?? '';
  return type !== 'loopback' && parseMac(address) ? address : null;
}

/** Null for `external` devices, whose VNI is set by each packet. */
function readVxlan(data: Entry): Link['vxlan'] {
  const id = numberField(data, 'id');
  if (id === null || data.fields.external === true) return null;
  const local = textField(data, 'local') ?? textField(data, 'local6');
  const remote =
    textField(data, 'remote') ??
    textField(data, 'remote6') ??
    textField(data, 'group') ??
    textField(data, 'group6');
  return {
    id,
    port: numberField(data, 'port') ?? 8472,
    local: local && canonicalAddress(local),
    remote: remote && canonicalAddress(remote),
  };
}
