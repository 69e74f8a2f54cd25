import type { Chain, FilterVerdict, Rule, Step, StepResult } from '../rule-set.js';
import { kindOf, record, text } from './json.js';
import { doubt, type Scope } from './scope.js';
import { effect, NEUTRAL, type Statement } from './statement.js';

/** What a verdict says; `true` is `continue`. */
export type Said = FilterVerdict | true;

/** @returns null where the value is no verdict, or names a chain that is not there */
export function parseVerdict(value: unknown, chains: ReadonlyMap<string, Chain>): Said | null {
  const [kind, body] = typeof value === 'string' ? [value, null] : (kindOf(value) ?? []);
  switch (kind) {
    case 'accept':
    case 'return':
    case 'drop':
    case 'queue':
      return { kind };
    case 'continue':
      return true;
    case 'jump':
    case 'goto': {
      const chain = chains.get(text(record(body)?.target) ?? '');
      return chain ? { kind, chain } : null;
    }
    default:
      return null;
  }
}

export function compileVerdict(kind: string, body: unknown, scope: Scope): Statement {
  const verdict = parseVerdict({ [kind]: body }, scope.chains);
  if (verdict === true) return NEUTRAL;
  if (verdict) return effect(() => verdict);
  return effect((_packet, node) => {
    doubt(scope, node, `${kind} ${JSON.stringify(body)} cannot be read: taken as no verdict`);
    return true;
  });
}

/** ICMP codes that `reject with icmpx` stands for (nf_reject_icmp_code(), nf_reject_icmpv6_code()). */
const ICMPX: Readonly<Record<string, { 4: string; 6: string }>> = {
  'port-unreachable': { 4: 'icmp-port-unreachable', 6: 'icmpv6-port-unreachable' },
  'no-route': { 4: 'icmp-net-unreachable', 6: 'icmpv6-no-route' },
  'host-unreachable': { 4: 'icmp-host-unreachable', 6: 'icmpv6-addr-unreachable' },
  'admin-prohibited': { 4: 'icmp-admin-prohibited', 6: 'icmpv6-admin-prohibited' },
};

/** `{"reject": null}`, `{"reject": {"type": "icmpx", "expr": "admin-prohibited"}}`, `{"reject": {"type": "tcp reset"}}`. */
export function compileReject(body: unknown): Statement {
  const fields = record(body);
  const type = text(fields?.type) ?? 'icmpx';
  const code = text(fields?.expr) ?? 'port-unreachable';
  if (type === 'tcp reset') return effect(() => ({ kind: 'reject', answer: 'tcp-reset' }));
  return effect((packet) => {
    // In an `inet` table the listing leaves away the `meta nfproto` that comes with these.
    if ((type === 'icmp' && packet.family === 6) || (type === 'icmpv6' && packet.family === 4)) return false;
    const answer = type === 'icmpx' ? ICMPX[code]?.[packet.family] : undefined;
    return {
      kind: 'reject',
      answer: answer ?? `${type === 'icmpx' ? `icmp${packet.family === 6 ? 'v6' : ''}` : type}-${code}`,
    };
  });
}

/** The step of a rule that asked for the way back: what it drops, or has a chain drop, is dropped for that. */
export function marksCheck(step: Step): Step {
  return (packet, node) => checked(step(packet, node));
}

function checked(result: StepResult): StepResult {
  if (typeof result === 'boolean') return result;
  if ('kind' in result) return checkedVerdict(result);
  return result.map((branch) => ({
    ...branch,
    result: typeof branch.result === 'boolean' ? branch.result : checkedVerdict(branch.result),
  }));
}

function checkedVerdict(verdict: FilterVerdict): FilterVerdict {
  if (verdict.kind === 'drop' || verdict.kind === 'reject') return { ...verdict, check: true };
  if (verdict.kind === 'jump' || verdict.kind === 'goto')
    return { ...verdict, chain: checkedChain(verdict.chain) };
  return verdict;
}

const checkedChains = new WeakMap<Chain, Chain>();

/** The chain as seen by packets of which there is no way back. Its rules are made when it is entered. */
function checkedChain(chain: Chain): Chain {
  let copy = checkedChains.get(chain);
  if (!copy) {
    let rules: Rule[] | null = null;
    copy = {
      name: chain.name,
      get rules() {
        rules ??= chain.rules.map((rule) => ({ ...rule, steps: rule.steps.map(marksCheck) }));
        return rules;
      },
    };
    checkedChains.set(chain, copy);
    checkedChains.set(copy, copy);
  }
  return copy;
}
