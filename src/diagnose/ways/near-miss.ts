/** Policy rules that would have sent a reply back where its request came from, had they matched it. */
import { contains, toAddress, toPrefix } from '../../kernel/prefix.js';
import { tableName } from '../../kernel/table-name.js';
import type { Rule } from '../../model/snapshot.js';
import type { NodeView } from '../context.js';
import type { SettingsWay } from './settings-way.js';

export interface NearMiss {
  rule: Rule;
  /** What of the reply does not match it. */
  why: string;
}

/** @param device that the request came in by */
export function nearMisses({ snapshot }: NodeView, way: SettingsWay, device: string): NearMiss[] {
  const { source, destination, mark } = routedReply(way);
  const isIPv6 = destination.includes(':');
  const rules = (isIPv6 ? snapshot?.rules6 : snapshot?.rules4) ?? [];
  const routes = (isIPv6 ? snapshot?.routes6 : snapshot?.routes4) ?? [];
  const leadsBack = ({ table }: Rule) =>
    routes.some(
      (route) =>
        tableName(route.table) === tableName(table ?? '') &&
        route.nextHops.some((hop) => hop.interface === device) &&
        contains(toPrefix(route.destination), toAddress(destination)),
    );
  const chosen = way.verdict?.lookup?.rule;
  return rules
    .filter((rule) => rule !== chosen && rule.action === 'lookup' && !isGeneral(rule) && leadsBack(rule))
    .flatMap((rule) => {
      const why = mismatch(rule, source, mark);
      return why === null ? [] : [{ rule, why }];
    });
}

/** The reply as the node routes it: before the translation that gives it the client's server back. */
function routedReply({ request, leg }: SettingsWay): { source: string; destination: string; mark: number } {
  const { packet } = leg.passage;
  const isOwn = leg.interface === null;
  const source = isOwn ? packet.source.text : request.packet.destination.text;
  return { source, destination: packet.destination.text, mark: packet.mark };
}

function isGeneral({ from, fwmark }: Rule): boolean {
  return from === null && fwmark === null;
}

function mismatch({ from, fwmark, fwmask, not }: Rule, source: string, mark: number): string | null {
  if (not) return null;
  if (from !== null && !contains(toPrefix(from), toAddress(source))) {
    return `the reply is routed while its source is ${source}`;
  }
  if (fwmark !== null && (mark & (fwmask ?? 0xffffffff)) >>> 0 !== fwmark) {
    const has = mark === 0 ? 'no mark' : `the mark 0x${mark.toString(16)}`;
    return `the reply has ${has} when it is routed: nothing restores it from the connection`;
  }
  return null;
}
