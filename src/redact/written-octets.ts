/** Octets as logs and name servers write them. */
import { formatAddress } from '../model/address.js';
import type { Addresses } from './addresses.js';

/** In place of an octet of which nobody knows what it tells. */
export const NO_OCTET = 'xx';

const MACS = 17 + 1 + 17;
/** Behind the MACs: a VLAN's tag, and another EtherType. */
const TAGGED = /^[ :](?:81[ :]00|88[ :]a8)(?:[ :][0-9a-f]{2}){4}/i;
const PLAIN = /^(?:[ :][0-9a-f]{2}){2}/i;

/** @param text of a link-layer header; where it is not Ethernet's alone, the octets behind go, and a tunnel's all */
export function withMacs(text: string, mac: (text: string) => string): string {
  const type = text.slice(MACS);
  // An IP header in its place.
  const isTunnel = /^(?:45|6)/.test(text) && type.length > 6 && !TAGGED.test(type);
  if (isTunnel) return text.replace(/[0-9a-f]{2}/gi, NO_OCTET);
  const [kept = ''] = TAGGED.exec(type) ?? PLAIN.exec(type) ?? [];
  const rest = type.slice(kept.length).replace(/[0-9a-f]{2}/gi, NO_OCTET);
  return `${mac(text.slice(0, 17))}${text.charAt(17)}${mac(text.slice(18, MACS))}${kept}${rest}`;
}

/** `3.2.1.10.in-addr.arpa`, or a zone of it: what lacks is a network's host part. */
export function reverseName(name: string, addresses: Addresses): string {
  const labels = name.split('.').slice(0, -2).reverse();
  const isFour = /in-addr\.arpa$/i.test(name);
  const suffix = name.split('.').slice(-2).join('.');
  const octets = isFour
    ? [0, 1, 2, 3].map((i) => Number(labels[i] ?? 0))
    : Array.from({ length: 16 }, (_, i) =>
        Number.parseInt(`${labels[i * 2] ?? 0}${labels[i * 2 + 1] ?? 0}`, 16),
      );
  const text = formatAddress(Uint8Array.from(octets), 0, isFour ? 4 : 6);
  const mapped = isFour
    ? (addresses.address(text) ?? text).split('.')
    : [...Buffer.from(addresses.octets(Uint8Array.from(octets))).toString('hex')];
  return [...mapped.slice(0, labels.length).reverse(), suffix].join('.');
}
