import type { Hop, LookupResult, SourceCheck } from './verdict.js';

/** `eth0 via 192.168.1.1`, or several joined by `or`. */
export function hopsText(hops: readonly Hop[]): string {
  return hops.map((hop) => (hop.via === null ? hop.dev : `${hop.dev} via ${hop.via}`)).join(' or ');
}

/** What a lookup rested on: `10.0.0.0/8 in table 100 (rule 1000)`. */
export function routeText(lookup: LookupResult): string {
  const rule = lookup.rule ? `rule ${lookup.rule.priority}` : '';
  if (!lookup.route) return rule === '' ? 'no rule or table has a route' : `${rule} (${lookup.rule!.action})`;
  const destination = /\/0$/.test(lookup.route.destination) ? 'the default route' : lookup.route.destination;
  return `${destination} in table ${lookup.table}${rule === '' ? '' : ` (${rule})`}`;
}

/** Why a lookup gave no way for a packet to `destination`. */
export function errorText(lookup: LookupResult, destination: string): string {
  if (!lookup.route && !lookup.rule) return `no route to ${destination}`;
  const kind = lookup.route ? `${lookup.route.type} route` : 'policy';
  return `${kind} for ${destination}: ${routeText(lookup)}`;
}

/** The result of the source's validation, the effective rp_filter with its two parts first. */
export function sourceCheckText(
  check: SourceCheck,
  source: string,
  iif: string,
  hasAddress: boolean,
): string {
  const mode = ['off', 'strict', 'loose'][check.rpFilter] ?? String(check.rpFilter);
  const parts = `${mode} on ${iif} (max of all=${check.rpFilterAll}, ${iif}=${check.rpFilterInterface})`;
  if (check.result === 'martian-source') {
    const type = check.wayBack?.route?.type;
    if (type === undefined || type === 'local') return `${source} is an address of the node itself`;
    return `${source} is a ${type} address to this node: ${routeText(check.wayBack!)}`;
  }
  const back = wayBackText(check, source);
  const bare = hasAddress ? '' : `; ${iif} has no IPv4 address, so loose is as strict`;
  return `${parts}; ${back}${check.rpFilter === 2 ? bare : ''}`;
}

function wayBackText(check: SourceCheck, source: string): string {
  const { wayBack } = check;
  if (!wayBack) return 'no check of the way back';
  if (wayBack.error !== null) return `there is no way back: ${errorText(wayBack, source)}`;
  return `the way back to ${source} is ${hopsText(wayBack.hops)}`;
}
