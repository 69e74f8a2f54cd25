/** MACs that are no single host's, or that tell what kind of host has them. Longest prefix first. */
const KNOWN: readonly [prefix: string, words: string][] = [
  ['00:00:5e:00:01:', 'a virtual MAC of VRRP, as keepalived and routers use'],
  ['00:00:5e:00:02:', 'a virtual MAC of VRRP for IPv6'],
  ['00:00:0c:07:ac:', 'a virtual MAC of HSRP, of a pair of routers'],
  ['52:54:00:', 'as QEMU and KVM give to virtual machines'],
  ['00:50:56:', "of VMware's virtual machines"],
  ['00:0c:29:', "of VMware's virtual machines"],
  ['00:15:5d:', "of Hyper-V's virtual machines"],
  ['08:00:27:', "of VirtualBox's virtual machines"],
  ['00:16:3e:', "of Xen's virtual machines"],
  ['02:42:', 'as Docker gives to containers'],
  ['0a:58:', 'as CNI plugins give to pods'],
];

/** What a MAC tells of its host: `vendor prefix 00:1b:21`, or that it is made up. */
export function describeMac(mac: string): string {
  const known = KNOWN.find(([prefix]) => mac.startsWith(prefix));
  if (known) return known[1];
  // IEEE 802 section 8.2.2: the second least bit of the first octet; no vendor has such a prefix.
  const isLocal = (Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0;
  return isLocal
    ? 'locally administered, so of no vendor: a virtual machine, container or bond'
    : `vendor prefix ${mac.slice(0, 8)}`;
}
