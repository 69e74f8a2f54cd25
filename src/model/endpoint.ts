import type { Endpoint } from './analysis.js';

/** `10.0.0.5:80`, `[fd00::5]:80`, or the bare address without a port. */
export function endpointLabel({ address, port }: Endpoint): string {
  if (port === null) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function isSameEnd(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address;
}
