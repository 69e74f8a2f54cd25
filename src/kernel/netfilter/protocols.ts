import { PROTOCOLS } from './nft/names.js';

/** The number of a protocol given by its name in `/etc/protocols` or as a number; null where the name is not known. */
export function protocolNumber(name: string): number | null {
  if (/^\d+$/.test(name)) return Number(name);
  const lower = name.toLowerCase();
  return Object.hasOwn(PROTOCOLS, lower) ? PROTOCOLS[lower]! : null;
}

const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

/** Whether the protocol's packets have ports in the sense of a NAT tuple. */
export function hasPorts(protocol: string): boolean {
  return WITH_PORTS.has(protocolNumber(protocol) ?? -1);
}
