import type { Rule, Snapshot } from '../../model/snapshot.js';
import { defaultRules } from '../lookup.js';
import { tableName } from '../table-name.js';
import type { RuleChange, RuleRequest } from './change.js';
import { Refusal } from './refusal.js';
import { requireTable } from './tables.js';

/** fib_nl_newrule() and fib_nl_delrule() of net/core/fib_rules.c. @throws Refusal */
export function changeRules(snapshot: Snapshot, { verb, rule: request }: RuleChange): Snapshot {
  const field = request.family === 4 ? 'rules4' : 'rules6';
  requireTable(snapshot, request.table);
  const rules = snapshot[field] ?? defaultRules(request.family);
  return { ...snapshot, [field]: verb === 'add' ? addRule(rules, request) : deleteRule(rules, request) };
}

/** inet_validate_dscp(), and of IPv4 the bits of RFC 1349 alone. */
function checkTos({ tos, family }: RuleRequest): void {
  if (tos !== null && tos & 3)
    throw new Refusal('Invalid dsfield (tos): ECN bits must be 0', 'clear the lowest two bits');
  if (tos !== null && family === 4 && tos & ~0x1e)
    throw new Refusal('Invalid tos', 'IPv4 rules take 0x04 to 0x1c');
}

function addRule(rules: readonly Rule[], request: RuleRequest): Rule[] {
  const priority = request.priority ?? defaultPriority(rules);
  const rule: Rule = { ...request, priority, action: request.action ?? 'lookup', unknown: [] };
  if (rule.table === null) {
    // `ip` tells these of look-ups alone.
    rule.suppressPrefixLength = null;
    rule.suppressInterfaceGroup = null;
  }
  checkGoto(request, priority);
  if (rules.some((other) => exists(other, rule, rules))) {
    throw new Refusal(
      'File exists',
      `such a rule of priority ${priority} is there; give another with \`priority\``,
    );
  }
  // fib_nl_newrule() looks for the same rule before fib4_rule_configure() looks at the TOS.
  checkTos(request);
  const at = rules.findLastIndex((other) => other.priority <= priority);
  return [...rules.slice(0, at + 1), rule, ...rules.slice(at + 1)];
}

function checkGoto({ gotoPriority }: RuleRequest, priority: number): void {
  if (gotoPriority !== null && gotoPriority <= priority) {
    throw new Refusal(
      'Backward goto not supported',
      `the rule's own priority is ${priority}; give a lower one with \`priority\``,
    );
  }
}

/** fib_default_rule_pref(): just before the second rule. */
function defaultPriority(rules: readonly Rule[]): number {
  return Math.max((rules[1]?.priority ?? 0) - 1, 0);
}

/**
 * rule_exists(). Who made a rule is compared, which a snapshot does not tell: the rules that every node has are
 * the kernel's, all others are taken for an administrator's.
 */
function exists(other: Rule, rule: Rule, rules: readonly Rule[]): boolean {
  return (
    !isKernels(other, rules) &&
    other.action === rule.action &&
    sameTable(other.table, rule.table) &&
    other.priority === rule.priority &&
    other.iif === rule.iif &&
    other.oif === rule.oif &&
    other.fwmark === rule.fwmark &&
    other.fwmask === rule.fwmask &&
    other.suppressInterfaceGroup === rule.suppressInterfaceGroup &&
    other.suppressPrefixLength === rule.suppressPrefixLength &&
    sameRange(other.uidRange, rule.uidRange) &&
    other.ipProtocol === rule.ipProtocol &&
    sameRange(other.sourcePorts, rule.sourcePorts) &&
    sameRange(other.destinationPorts, rule.destinationPorts) &&
    addressesMatch(other, rule)
  );
}

function isKernels(rule: Rule, rules: readonly Rule[]): boolean {
  const table = { 0: 'local', 32766: 'main', 32767: 'default' }[rule.priority];
  const alike = (other: Rule) =>
    other.priority === rule.priority &&
    sameTable(other.table, rule.table) &&
    other.from === null &&
    other.to === null;
  return table !== undefined && sameTable(rule.table, table) && rules.find(alike) === rule;
}

/** fib4_rule_compare() and fib6_rule_compare() look only at what the request tells. */
function addressesMatch(rule: Rule, request: Pick<Rule, 'from' | 'to' | 'tos'>): boolean {
  return (
    (request.from === null || rule.from === request.from) &&
    (request.to === null || rule.to === request.to) &&
    (request.tos === null || rule.tos === request.tos)
  );
}

/** rule_find(): the first that has all that is told; `not` is not looked at. */
function deleteRule(rules: readonly Rule[], request: RuleRequest): Rule[] {
  checkGoto(request, request.priority ?? defaultPriority(rules));
  const found = rules.findIndex((rule) => finds(request, rule));
  if (found < 0)
    throw new Refusal(
      'No such file or directory',
      `the node has no such rule; it has those of priority ${rules.map((r) => r.priority).join(', ')}`,
    );
  return rules.filter((_, i) => i !== found);
}

function finds(request: RuleRequest, rule: Rule): boolean {
  const { priority, action, table, fwmark, fwmask } = request;
  return (
    (action === null || rule.action === action) &&
    (table === null || sameTable(rule.table, table)) &&
    (priority === null || rule.priority === priority) &&
    (request.iif === null || rule.iif === request.iif) &&
    (request.oif === null || rule.oif === request.oif) &&
    (fwmark === null || fwmark === 0 || rule.fwmark === fwmark) &&
    (fwmark === null || fwmask === 0 || rule.fwmask === fwmask) &&
    (request.suppressInterfaceGroup === null ||
      rule.suppressInterfaceGroup === request.suppressInterfaceGroup) &&
    (request.suppressPrefixLength === null || rule.suppressPrefixLength === request.suppressPrefixLength) &&
    (request.uidRange === null || sameRange(rule.uidRange, request.uidRange)) &&
    (request.ipProtocol === null || rule.ipProtocol === request.ipProtocol) &&
    (request.sourcePorts === null || sameRange(rule.sourcePorts, request.sourcePorts)) &&
    (request.destinationPorts === null || sameRange(rule.destinationPorts, request.destinationPorts)) &&
    addressesMatch(rule, request)
  );
}

function sameTable(a: string | null, b: string | null): boolean {
  return a === null || b === null ? a === b : tableName(a) === tableName(b);
}

function sameRange(a: readonly number[] | null, b: readonly number[] | null): boolean {
  return a === null || b === null ? a === b : a[0] === b[0] && a[1] === b[1];
}
