/** A firewall rule that looks for the way back: routing first, else an exception, else a loose look. */
import { ruleText } from '../../../kernel/netfilter/nft/text.js';
import { shellWord } from '../../shell-word.js';
import { COST, type FixIdea, type IdeasFor } from '../idea.js';
import { nftStep, step } from '../step.js';
import { connectionMarks } from './connection-mark.js';
import { accepting } from './filtered.js';
import { isRule, nftRule, placeOfDrop } from './firewall.js';
import { backTheWayIn } from './source-routing.js';

export const netfilterRpfilterIdeas: IdeasFor = (problem) => {
  const [risk] = problem.risks;
  const { drop, role } = risk!;
  if (drop?.by !== 'netfilter') return [];
  const routing =
    role === 'request' ? [...backTheWayIn(problem), ...connectionMarks(problem, { checked: false })] : [];
  return [...routing, accepting(risk!, drop), loosely(problem)].filter((idea) => idea !== null);
};

function loosely({ risks }: Parameters<IdeasFor>[0]): FixIdea | null {
  const { station, drop } = risks[0]!;
  const place = drop?.by === 'netfilter' ? placeOfDrop(station, drop) : null;
  if (!place?.rule) return null;
  const common = {
    summary: `Have the rule on ${station.label} that looks for the way back take any way to the source for one.`,
    risk: 'Spoofed sources are then no longer told by the interface that they come in by.',
    cost: COST.change + 2 * COST.looser,
  };
  if (place.tool !== 'nft') {
    const { tool, table, chain, position, rule } = place;
    if (!/-m rpfilter/.test(rule) || /--loose/.test(rule)) return null;
    const changed = rule.replace(/^-A \S+ /, '').replace('-m rpfilter', '-m rpfilter --loose');
    return { ...common, steps: [step(station, `${tool} -t ${table} -R ${chain} ${position} ${changed}`)] };
  }
  const expr = nftRule(station.snapshot, place);
  const changed = expr?.map(withoutInterface);
  if (!changed || JSON.stringify(changed) === JSON.stringify(expr)) return null;
  const { family, table, chain, handle } = place;
  const command = `nft ${shellWord(`replace rule ${family} ${table} ${chain} handle ${handle} ${ruleText(changed, null)}`)}`;
  const replaced = (object: unknown) =>
    isRule(object, place) ? { rule: { ...(object as { rule: object }).rule, expr: changed } } : object;
  return { ...common, steps: [nftStep(station, command, (listing) => listing.map(replaced))] };
}

/** `fib saddr . iif oif` looks for a way by that interface, `fib saddr oif` for any. */
function withoutInterface(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutInterface);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    const flags = (inner as { flags?: unknown } | null)?.flags;
    if (key !== 'fib' || !Array.isArray(flags)) return [key, withoutInterface(inner)];
    return [key, { ...(inner as object), flags: flags.filter((flag) => flag !== 'iif') }];
  });
  return Object.fromEntries(entries);
}
