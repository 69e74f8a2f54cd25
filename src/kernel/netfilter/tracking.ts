/**
 * Whether a kernel tracks connections at all: it does once a rule needs it, whatever packet the rule is for
 * (nf_ct_netns_get), be its chain in use or not.
 */
import type { Snapshot } from '../../model/snapshot.js';

const MATCHES = 'conntrack|state|connmark|connlabel|connbytes|connlimit|helper|cluster';
const TARGETS = 'CONNMARK|CT|NOTRACK|SNAT|DNAT|MASQUERADE|REDIRECT|NETMAP|SYNPROXY|CONNSECMARK';
const IPTABLES = new RegExp(`-m (${MATCHES})(\\s|$)|-j (${TARGETS})(\\s|$)`, 'm');
const EXTENSION = new RegExp(`^(${MATCHES}|${TARGETS})$`);
const STATEMENTS = new Set(['ct', 'dnat', 'snat', 'masquerade', 'redirect', 'flow', 'synproxy', 'ct count']);

export function tracksConnections(snapshot: Snapshot, family: 4 | 6): boolean {
  if (snapshot.conntrack?.some((entry) => entry.family === family)) return true;
  const text = family === 4 ? snapshot.iptables : snapshot.ip6tables;
  return (text !== null && IPTABLES.test(text)) || nftTracks(snapshot.nft, family);
}

interface NftObject {
  rule?: { family?: unknown; expr?: unknown };
}

function nftTracks(ruleset: unknown, family: 4 | 6): boolean {
  const objects = (ruleset as { nftables?: (NftObject | null)[] } | null)?.nftables;
  if (!Array.isArray(objects)) return false;
  const families = [family === 4 ? 'ip' : 'ip6', 'inet', 'bridge'];
  return objects.some((object) => {
    const rule = object?.rule;
    return rule !== undefined && families.includes(String(rule.family)) && mentionsTracking(rule.expr);
  });
}

function mentionsTracking(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(mentionsTracking);
  if (value === null || typeof value !== 'object') return false;
  return Object.entries(value).some(
    ([key, inner]) =>
      STATEMENTS.has(key) ||
      (key === 'xt' && EXTENSION.test(String((inner as { name?: unknown } | null)?.name))) ||
      mentionsTracking(inner),
  );
}
