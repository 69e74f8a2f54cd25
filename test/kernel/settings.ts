import { defaultRules } from '../../src/kernel/lookup.js';
import type { Route, Rule, Snapshot } from '../../src/model/snapshot.js';

/** A copy with one setting changed: `withSysctl(snapshot, 'net.ipv4.conf.eth0/100.rp_filter', '2')`. */
export function withSysctl(snapshot: Snapshot, key: string, value: string): Snapshot {
  const sysctl = new Map(snapshot.sysctl);
  sysctl.set(key, value);
  // inet_forward_change() of devinet.c: ip_forward sets every interface and the default.
  if (key === 'net.ipv4.ip_forward' || key === 'net.ipv4.conf.all.forwarding') {
    for (const other of sysctl.keys()) {
      if (/^net\.ipv4\.conf\..+\.forwarding$/.test(other)) sysctl.set(other, value);
    }
    sysctl.set('net.ipv4.ip_forward', value);
  }
  return { ...snapshot, sysctl };
}

/** A copy with a policy rule added, behind those of its priority, as the kernel does; to the default rules where none are known. */
export function withRule(snapshot: Snapshot, rule: Rule): Snapshot {
  const field = rule.family === 4 ? 'rules4' : 'rules6';
  return {
    ...snapshot,
    [field]: [...(snapshot[field] ?? defaultRules(rule.family)), rule].sort(
      (a, b) => a.priority - b.priority,
    ),
  };
}

/** A copy with a route added; one with the same destination, table, metric and TOS is replaced. */
export function withRoute(snapshot: Snapshot, route: Route): Snapshot {
  const field = route.family === 4 ? 'routes4' : 'routes6';
  const others = (snapshot[field] ?? []).filter(
    (r) =>
      r.destination !== route.destination ||
      r.from !== route.from ||
      r.table !== route.table ||
      r.metric !== route.metric ||
      r.tos !== route.tos,
  );
  return { ...snapshot, [field]: [...others, route] };
}
