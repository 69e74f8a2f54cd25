import type { ExplanationStep } from '../../model/explanation.js';
import type { Route, Rule } from '../../model/snapshot.js';
import { Doubts } from '../doubts.js';
import { NO_SELECTORS } from '../entries.js';
import { type Flow, inputFlow } from '../flow.js';
import type { RoutingPolicy, RuleOutcome } from '../lookup.js';
import { contains, toPrefix } from '../prefix.js';
import type { RouteQuestion } from '../question.js';
import { compileRules, ruleMatches } from '../rules.js';
import { senderFlow } from '../sender-flow.js';
import type { KernelState } from '../state.js';
import { tableName } from '../table-name.js';
import type { Verdict } from '../verdict.js';
import { routeLine, ruleLine, selectorTexts } from './listing-text.js';

/** Routes that also fit, beside the one that won, that are shown. */
const SHOWN_CANDIDATES = 4;

/** The rules and the table that were searched for the destination. */
export function lookupSteps(
  state: KernelState,
  question: RouteQuestion,
  verdict: Verdict,
): ExplanationStep[] {
  const { lookup } = verdict;
  if (!lookup) return [];
  const is6 = question.to.includes(':');
  const policy = is6 ? state.policy6 : state.policy4;
  const flow = flowOf(state, question, policy);
  const rules = ruleLines(state, policy, flow, is6 && question.from === null ? question.oif : null);
  const steps: ExplanationStep[] = [{ title: 'Rules', lines: rules }];
  const winner = lookup.route;
  const title = winner ? `Route, in table ${winner.table}` : 'Route';
  const others = candidates(state, flow, winner);
  const lines = [winner ? routeLine(winner) : 'none that fits in the tables searched'];
  if (others.length > 0) lines.push('which goes before the others that fit:');
  lines.push(...others.slice(0, SHOWN_CANDIDATES).map((route) => `  ${routeLine(route)}`));
  if (others.length > SHOWN_CANDIDATES) lines.push(`  and ${others.length - SHOWN_CANDIDATES} more`);
  steps.push({ title, lines });
  return steps;
}

function flowOf(state: KernelState, question: RouteQuestion, policy: RoutingPolicy): Flow {
  const { from, to, iif, oif, ...details } = question;
  if (iif === null) {
    const sent = { ...details, source: from, destination: to, oif: oif ?? undefined };
    return senderFlow(state, sent, new Doubts());
  }
  const source = from ?? (to.includes(':') ? '::' : '0.0.0.0');
  return inputFlow({ ...details, source, destination: to, interface: iif }, policy.dissects);
}

const OUTCOMES: Record<RuleOutcome, string> = {
  'no match': 'does not match',
  goto: 'matches, and goes on there',
  nothing: 'matches, and does nothing',
  'no route': 'matches; no route there',
  throw: 'matches; a throw route sends the search on',
  suppressed: 'matches; what it found is suppressed',
  decides: 'matches, and decides',
};

function ruleLines(state: KernelState, policy: RoutingPolicy, flow: Flow, strict: string | null): string[] {
  const lines: string[] = [];
  policy.lookup(flow, new Doubts(), strict, (rule, outcome, route) => {
    const misfits = outcome === 'no match' ? misfit(state, flow, rule) : '';
    const what = outcome === 'suppressed' && route ? `: ${routeLine(route)}` : '';
    lines.push(`${ruleLine(rule)} -- ${OUTCOMES[outcome]}${misfits}${what}`);
  });
  if (lines.length > 0) return lines;
  return [
    'only the three default rules: tables local and main are searched as one, the longest prefix over both wins; then table default',
  ];
}

/** Which of the rule's selectors keep it from matching. */
function misfit(state: KernelState, flow: Flow, rule: Rule): string {
  if (rule.not) return ': all that it excludes fits';
  const bare: Rule = {
    ...rule,
    ...NO_SELECTORS,
    unknown: [],
  };
  const failing = selectorTexts(rule).filter(({ field }) => {
    const alone = { ...bare, [field]: rule[field], fwmask: rule.fwmask };
    return !ruleMatches(compileRules([alone])[0]!, flow, state.interfaces, new Doubts());
  });
  return failing.length === 0 ? '' : `: not ${failing.map(({ text }) => text).join(', not ')}`;
}

/** The other routes of the winner's table (with the default rules: of local and main) that contain the destination. */
function candidates(state: KernelState, flow: Flow, winner: Route | null): Route[] {
  if (!winner) return [];
  const { snapshot } = state;
  const is4 = winner.family === 4;
  const routes = (is4 ? snapshot.routes4 : snapshot.routes6) ?? [];
  const merged = is4 && !state.policy4.hasCustomRules ? ['local', 'main'] : [tableName(winner.table)];
  return routes
    .filter((route) => route !== winner && merged.includes(tableName(route.table)))
    .map((route) => ({ route, prefix: toPrefix(route.destination) }))
    .filter(({ prefix }) => contains(prefix, flow.destination))
    .sort((a, b) => b.prefix.length - a.prefix.length || a.route.metric - b.route.metric)
    .map(({ route }) => route);
}
