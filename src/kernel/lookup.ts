import type { Family } from '../model/address.js';
import type { Route, Rule, Snapshot } from '../model/snapshot.js';
import { type LocalInterfaces, localPrefixes } from './addresses.js';
import type { Doubts } from './doubts.js';
import { lookupRule, unicastRoute } from './entries.js';
import { Fib, type HopState, type Table, type TableAnswer } from './fib.js';
import type { Flow } from './flow.js';
import {
  areDefaultRules,
  type CompiledRule,
  compileRules,
  isVrfRule,
  needsDissection,
  ruleMatches,
} from './rules.js';
import type { InterfaceSettings } from './sysctl.js';
import type { LookupError, LookupResult } from './verdict.js';

/** What came of a rule in a lookup. */
export type RuleOutcome = 'no match' | 'goto' | 'nothing' | 'no route' | 'throw' | 'suppressed' | 'decides';

/** Told of each rule that a lookup comes to, in order. */
export type LookupTrace = (rule: Rule, outcome: RuleOutcome, route: Route | null) => void;

/** The policy rules and tables of one family: what fib_lookup() and fib6_rule_lookup() walk. */
export class RoutingPolicy {
  readonly fib: Fib;
  /** fib4_has_custom_rules(). */
  readonly hasCustomRules: boolean;
  /** Whether rules see the protocol and ports of what comes in; they are 0 to them otherwise. */
  readonly dissects: boolean;
  /** Whether a packet's mark makes a difference. */
  readonly usesMarks: boolean;
  private readonly family: Family;
  private readonly rules: readonly CompiledRule[];
  private readonly interfaces: LocalInterfaces;
  /** What every answer has to assume, as a file is missing. */
  private readonly standing: readonly string[];

  constructor(snapshot: Snapshot, family: Family, interfaces: LocalInterfaces, settings: InterfaceSettings) {
    const given = family === 4 ? snapshot.rules4 : snapshot.rules6;
    const routes = family === 4 ? snapshot.routes4 : snapshot.routes6;
    const rules = given ?? defaultRules(family);
    const completed = completeRoutes(routes ?? [], interfaces, family);
    this.family = family;
    this.interfaces = interfaces;
    this.rules = compileRules(rules);
    this.fib = new Fib(completed, hopState(snapshot, family, interfaces, settings));
    this.hasCustomRules = !areDefaultRules(this.rules.map((r) => r.rule));
    this.usesMarks = rules.some((rule) => rule.fwmark !== null);
    this.dissects = rules.some(needsDissection);
    this.standing = standingDoubts(given, routes, completed, family);
  }

  /**
   * One lookup.
   *
   * @param strictInterface IPv6 alone: the device that routes have to go by (RT6_LOOKUP_F_IFACE)
   * @param trace not called where no rules are searched (IPv4 with the default ones)
   */
  lookup(
    flow: Flow,
    doubts: Doubts,
    strictInterface: string | null = null,
    trace: LookupTrace | null = null,
  ): LookupResult {
    for (const line of this.standing) doubts.add(line);
    const { vrfs } = this.interfaces;
    const vrf = vrfs.areNone ? null : vrfs.ofFlow(flow);
    // A flow bound to a VRF is led to its table, whose routes are by other devices (l3mdev_update_flow()).
    const within = vrf !== null && flow.oif === vrf ? { ...flow, oif: null } : flow;
    const strict = vrf !== null && strictInterface === vrf ? null : strictInterface;
    if (this.family === 4 && !this.hasCustomRules) return this.lookupByDefault(within, doubts);
    for (let i = 0; i < this.rules.length; i++) {
      const compiled = this.rules[i]!;
      const { rule } = compiled;
      if (!ruleMatches(compiled, flow, this.interfaces, doubts)) {
        trace?.(rule, 'no match', null);
        continue;
      }
      if (rule.action === 'goto') {
        trace?.(rule, 'goto', null);
        if (compiled.target !== null) i = compiled.target - 1;
        continue;
      }
      const error = RULE_ERRORS.get(rule.action);
      if (error) {
        trace?.(rule, 'decides', null);
        return { error, route: null, rule, table: null, prefixLength: -1, hops: [] };
      }
      const table = vrf !== null && isVrfRule(compiled) ? vrfs.table(vrf, this.family) : compiled.table;
      if (table === null) {
        trace?.(rule, 'nothing', null);
        continue;
      }
      const answer = this.inTable(this.fib.table(table), within, strict, doubts);
      if (answer.kind === 'none' || answer.kind === 'throw') {
        trace?.(rule, answer.kind === 'none' ? 'no route' : 'throw', null);
        continue;
      }
      if (answer.kind === 'route' && this.isSuppressed(rule, answer, doubts)) {
        trace?.(rule, 'suppressed', answer.route);
        continue;
      }
      trace?.(rule, 'decides', answer.route);
      return toResult(answer, rule);
    }
    return NOT_FOUND;
  }

  private lookupByDefault(flow: Flow, doubts: Doubts): LookupResult {
    const answer = this.fib.merged.lookup4(flow, doubts);
    if (answer.kind !== 'none' && answer.kind !== 'throw') return toResult(answer, null);
    return toResult(this.inTable(this.fib.table('default'), flow, null, doubts), null);
  }

  private inTable(
    table: Table | null,
    flow: Flow,
    strictInterface: string | null,
    doubts: Doubts,
  ): TableAnswer {
    if (!table) return { kind: 'none' };
    return this.family === 4 ? table.lookup4(flow, doubts) : table.lookup6(flow, strictInterface, doubts);
  }

  /** fib4_rule_suppress(), fib6_rule_suppress(). */
  private isSuppressed(rule: Rule, answer: TableAnswer & { kind: 'route' }, doubts: Doubts): boolean {
    if (rule.suppressPrefixLength !== null && answer.prefixLength <= rule.suppressPrefixLength) return true;
    if (rule.suppressInterfaceGroup === null) return false;
    const device = answer.hops[0]!.dev;
    const link = this.interfaces.link(device);
    if (!link) {
      doubts.add(`rule ${rule.priority} suppresses an interface group, and that of ${device} is not known`);
    }
    return link?.group === rule.suppressInterfaceGroup;
  }
}

function hopState(
  snapshot: Snapshot,
  family: Family,
  interfaces: LocalInterfaces,
  settings: InterfaceSettings,
): HopState {
  const downCounts = (device: string, doubts: Doubts) =>
    // IPv6 looks at the interface's own value (ip6_ignore_linkdown), IPv4 at `all` too.
    family === 4
      ? settings.or(device, 'ignore_routes_with_linkdown', doubts)
      : settings.own(device, 'ignore_routes_with_linkdown', doubts) !== 0;
  return {
    isReachable: family === 6 && settings.known('all', 'forwarding') === 0 ? reachability(snapshot) : null,
    isAlive: (hop, doubts) => {
      if (hop.flags.includes('dead')) return false;
      if (!hop.flags.includes('linkdown') || hop.interface === null) return true;
      return !downCounts(hop.interface, doubts);
    },
    gateway: ({ gateway, interface: device, flags }) => {
      if (family === 6 || gateway === null || flags.includes('onlink')) return gateway;
      // fib_check_nh_v4_gw() gives a hop by an address of its own device host scope, and rt_set_nexthop() uses
      // gateways of link scope alone.
      return device !== null && interfaces.holds(device, gateway) ? null : gateway;
    },
  };
}

/** rt6_check_neigh() with CONFIG_IPV6_ROUTER_PREF: only a neighbour that failed counts against its route. */
function reachability({ neighbours }: Snapshot): HopState['isReachable'] {
  const failed = (neighbours ?? []).filter((n) => n.address.includes(':') && n.states.includes('FAILED'));
  if (failed.length === 0) return null;
  return ({ gateway, interface: device }) =>
    gateway === null || !failed.some((n) => n.address === gateway && n.interface === device);
}

const NOT_FOUND: LookupResult = {
  error: 'no-route',
  route: null,
  rule: null,
  table: null,
  prefixLength: -1,
  hops: [],
};

/** fib4_rule_action(), __fib6_rule_action(). */
const RULE_ERRORS: ReadonlyMap<string, LookupError> = new Map([
  ['prohibit', 'prohibit'],
  ['blackhole', 'blackhole'],
  ['unreachable', 'no-route'],
]);

function toResult(answer: TableAnswer, rule: Rule | null): LookupResult {
  if (answer.kind === 'none' || answer.kind === 'throw') return NOT_FOUND;
  const { route, prefixLength } = answer;
  const error = answer.kind === 'error' ? answer.error : null;
  const hops = answer.kind === 'route' ? answer.hops : [];
  return { error, route, rule, table: route.table, prefixLength, hops };
}

function standingDoubts(
  rules: readonly Rule[] | null,
  routes: readonly Route[] | null,
  completed: readonly Route[],
  family: Family,
): string[] {
  const suffix = family === 4 ? '' : '6';
  const lines: string[] = [];
  if (!rules) lines.push(`ip-rule${suffix}.json is missing: the default rules are assumed`);
  if (!routes) lines.push(`ip-route${suffix}.json is missing: no route is known`);
  else if (completed.length > routes.length) {
    lines.push(
      `ip-route${suffix}.json has no local table, as if recorded without \`table all\`: only the main table and the addresses of ip-addr.json are known`,
    );
  }
  return lines;
}

/** A listing without the local table gets the routes of the node's addresses, the least that it must have had. */
function completeRoutes(
  routes: readonly Route[],
  interfaces: LocalInterfaces,
  family: Family,
): readonly Route[] {
  if (routes.some((route) => route.table === 'local' || route.table === '255')) return routes;
  const made = localPrefixes(interfaces.localAddresses, family).map(
    ([destination, device]): Route => ({
      ...unicastRoute(family, destination, 'local', { gateway: null, interface: device, flags: [] }),
      type: 'local',
      protocol: 'kernel',
      scope: 'host',
    }),
  );
  return [...routes, ...made];
}

/** The rules of a fresh namespace. */
export function defaultRules(family: Family): Rule[] {
  const tables: [number, string][] = [
    [0, 'local'],
    [32766, 'main'],
  ];
  if (family === 4) tables.push([32767, 'default']);
  return tables.map(([priority, table]) => lookupRule(family, priority, table));
}
