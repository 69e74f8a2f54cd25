import type { AnalysisVip } from '../model/analysis.js';
import type { Leg } from './leg.js';

/** The addresses that attempts are counted for, and what is known to stand behind them. */
export interface Vips {
  /** Given by flag or by Kubernetes objects; empty where nothing names one: then every connection counts. */
  named: AnalysisVip[];
  /** Backend address → VIPs that NAT rules, connection tracking or Kubernetes translate to it. */
  backends: Map<string, Set<string>>;
}

/** The VIP of an attempt: a named one that any of its legs addresses, or whose backend it reaches. */
export function vipOf(legs: readonly Leg[], vips: Vips): string | null {
  if (vips.named.length === 0) return null;
  return vipOfServers(
    legs.map((leg) => leg.server.address),
    vips,
  );
}

/** @param servers the addresses that one attempt was sent to, before and after NAT */
export function vipOfServers(servers: readonly string[], vips: Vips): string | null {
  for (const { address } of vips.named) if (servers.includes(address)) return address;
  for (const server of servers) {
    const fronts = vips.backends.get(server);
    // A backend that serves several VIPs does not tell which of them was asked.
    const named = vips.named.filter((vip) => fronts?.has(vip.address));
    if (named.length === 1) return named[0]!.address;
  }
  return null;
}
