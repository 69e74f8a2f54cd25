import type { Family } from '../model/address.js';
import type { NextHop, Route, Rule } from '../model/snapshot.js';

/** Of a rule that every packet matches. */
export const NO_SELECTORS = {
  from: null,
  to: null,
  iif: null,
  oif: null,
  fwmark: null,
  fwmask: null,
  tos: null,
  ipProtocol: null,
  sourcePorts: null,
  destinationPorts: null,
  uidRange: null,
} as const satisfies Partial<Rule>;

/** `ip rule add priority PRIORITY lookup TABLE`, with no selector. */
export function lookupRule(family: Family, priority: number, table: string): Rule {
  return {
    family,
    priority,
    not: false,
    ...NO_SELECTORS,
    action: 'lookup',
    table,
    gotoPriority: null,
    suppressPrefixLength: null,
    suppressInterfaceGroup: null,
    unknown: [],
  };
}

/** `ip route add DESTINATION …` with one next hop, as an administrator adds it. */
export function unicastRoute(
  family: Family,
  destination: string,
  table: string,
  hop: Pick<NextHop, 'gateway' | 'interface' | 'flags'>,
): Route {
  return {
    family,
    type: 'unicast',
    destination,
    from: null,
    table,
    protocol: 'boot',
    scope: 'global',
    metric: 0,
    tos: 0,
    prefsrc: null,
    nextHops: [{ ...hop, weight: 1 }],
    flags: [],
  };
}
