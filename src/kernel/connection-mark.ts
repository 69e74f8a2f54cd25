/**
 * The packet mark of a reply, where PREROUTING rules put a mark on the connection by the interface that the
 * request came in by, and restore it on the reply: the usual way to send replies back where requests came from.
 *
 * Only plain rules are followed (an interface, no other match); what else a rule set does with marks is not
 * known here.
 */
import type { Snapshot } from '../model/snapshot.js';

/** One rule that touches the connection's mark. */
interface MarkRule {
  /** Input interface that it asks for; null for any. */
  interface: string | null;
  /** Sets the connection's mark to a number, or copies it to the packet. */
  action: { set: number } | 'restore';
}

/** @returns 0 where no rule restores a mark on the reply */
export function restoredMark(snapshot: Snapshot, requestInterface: string, replyInterface: string): number {
  const rules = [...iptablesRules(snapshot.iptables ?? ''), ...nftRules(snapshot.nft)];
  let connectionMark = 0;
  let restores = false;
  for (const { interface: name, action } of rules) {
    if (action === 'restore') restores ||= name === null || name === replyInterface;
    else if (name === null || name === requestInterface) connectionMark = action.set;
  }
  return restores ? connectionMark : 0;
}

function iptablesRules(text: string): MarkRule[] {
  const rules: MarkRule[] = [];
  let table = '';
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) table = line.slice(1).trim();
    if (table !== 'mangle' || !line.startsWith('-A PREROUTING ')) continue;
    const words = line.split(' ').slice(2);
    const name = words[0] === '-i' ? words[1]! : null;
    const [jump, target, option, value] = name === null ? words : words.slice(2);
    if (jump !== '-j' || target !== 'CONNMARK') continue;
    // `--set-xmark 0x100/0xffffffff`
    if (option === '--set-xmark')
      rules.push({ interface: name, action: { set: Number(value?.split('/')[0]) || 0 } });
    if (option === '--restore-mark') rules.push({ interface: name, action: 'restore' });
  }
  return rules;
}

interface NftObject {
  chain?: { family: string; table: string; name: string; hook?: string };
  rule?: { family: string; table: string; chain: string; expr?: unknown };
}

function nftRules(ruleset: unknown): MarkRule[] {
  const objects = (ruleset as { nftables?: NftObject[] } | null)?.nftables;
  if (!Array.isArray(objects) || objects.some((object) => object === null)) return [];
  const chains = new Set<string>();
  for (const { chain } of objects) {
    if (chain?.hook === 'prerouting') chains.add(`${chain.family} ${chain.table} ${chain.name}`);
  }
  return objects.flatMap(({ rule }) => {
    if (!rule || !chains.has(`${rule.family} ${rule.table} ${rule.chain}`)) return [];
    const parsed = nftRule(rule.expr);
    return parsed ? [parsed] : [];
  });
}

interface NftStatement {
  match?: { op?: string; left?: { meta?: { key?: string } }; right?: unknown };
  mangle?: {
    key?: { ct?: { key?: string }; meta?: { key?: string } };
    value?: number | { ct?: { key?: string } };
  };
  counter?: unknown;
}

/** `iifname "X" ct mark set N` or `iifname "X" meta mark set ct mark`, with or without the interface. */
function nftRule(expression: unknown): MarkRule | null {
  if (!Array.isArray(expression)) return null;
  const statements = (expression as NftStatement[]).filter((statement) => !('counter' in statement));
  const match = statements[0]?.match;
  const name = match && asksForInput(match) && typeof match.right === 'string' ? match.right : null;
  const rest = name === null ? statements : statements.slice(1);
  const mangle = rest[0]?.mangle;
  if (rest.length !== 1 || !mangle) return null;
  const { key, value } = mangle;
  if (key?.ct?.key === 'mark' && typeof value === 'number')
    return { interface: name, action: { set: value } };
  const copies = typeof value === 'object' && value.ct?.key === 'mark';
  return key?.meta?.key === 'mark' && copies ? { interface: name, action: 'restore' } : null;
}

function asksForInput({ op, left }: NonNullable<NftStatement['match']>): boolean {
  return op === '==' && (left?.meta?.key === 'iifname' || left?.meta?.key === 'iif');
}
