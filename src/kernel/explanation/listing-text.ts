import type { NextHop, Route, Rule } from '../../model/snapshot.js';

/** A route as `ip route show table all` prints it. */
export function routeLine(route: Route): string {
  const { type, destination, from, table, protocol, scope, metric, tos, prefsrc, nextHops, flags } = route;
  const [only] = nextHops;
  const words = [
    type === 'unicast' ? '' : type,
    shortPrefix(destination),
    from === null ? '' : `from ${from}`,
    tos === 0 ? '' : `tos 0x${tos.toString(16)}`,
    nextHops.length === 1 ? hopText(only!) : '',
    table === 'main' ? '' : `table ${table}`,
    protocol === null ? '' : `proto ${protocol}`,
    scope === 'global' ? '' : `scope ${scope}`,
    prefsrc === null ? '' : `src ${prefsrc}`,
    metric === 0 ? '' : `metric ${metric}`,
    ...(nextHops.length === 1 ? [...new Set([...flags, ...only!.flags])] : flags),
    ...(nextHops.length > 1
      ? nextHops.map((hop) => ['nexthop', hopText(hop), `weight ${hop.weight}`, ...hop.flags].join(' '))
      : []),
  ];
  return words.filter((word) => word !== '').join(' ');
}

function hopText({ gateway, interface: device }: NextHop): string {
  const via = gateway === null ? '' : `via ${gateway}`;
  return [via, device === null ? '' : `dev ${device}`].filter((part) => part !== '').join(' ');
}

function shortPrefix(prefix: string): string {
  if (/^(0\.0\.0\.0|::)\/0$/.test(prefix)) return 'default';
  return prefix.replace(prefix.includes(':') ? /\/128$/ : /\/32$/, '');
}

/** The selectors that a rule has, each as `ip rule show` prints it. */
export function selectorTexts(rule: Rule): { field: keyof Rule; text: string }[] {
  const range = ([low, high]: [number, number]) => (low === high ? `${low}` : `${low}-${high}`);
  const texts: { field: keyof Rule; text: string }[] = [];
  const add = (field: keyof Rule, text: string | null) => {
    if (rule[field] !== null && text !== null) texts.push({ field, text });
  };
  const { from, to, iif, oif, fwmark, fwmask, tos, ipProtocol, sourcePorts, destinationPorts, uidRange } =
    rule;
  add('from', from === null ? null : `from ${shortPrefix(from)}`);
  add('to', to === null ? null : `to ${shortPrefix(to)}`);
  add('tos', tos === null ? null : `tos 0x${tos.toString(16)}`);
  add('fwmark', fwmark === null ? null : `fwmark ${hex(fwmark)}${fwmask === null ? '' : `/${hex(fwmask)}`}`);
  add('iif', iif === null ? null : `iif ${iif}`);
  add('oif', oif === null ? null : `oif ${oif}`);
  add('uidRange', uidRange && `uidrange ${range(uidRange)}`);
  add('ipProtocol', ipProtocol && `ipproto ${ipProtocol}`);
  add('sourcePorts', sourcePorts && `sport ${range(sourcePorts)}`);
  add('destinationPorts', destinationPorts && `dport ${range(destinationPorts)}`);
  for (const text of rule.unknown) texts.push({ field: 'unknown', text });
  return texts;
}

const hex = (value: number) => `0x${value.toString(16)}`;

/** `ip` prints it as what it does. */
const VRF_RULE = 'l3mdev';

/** A rule as `ip rule show` prints it. */
export function ruleLine(rule: Rule): string {
  const selectors = selectorTexts(rule).map(({ text }) => text);
  const { action, table, gotoPriority, suppressPrefixLength, suppressInterfaceGroup } = rule;
  const words = [
    rule.not ? 'not' : '',
    ...(rule.from === null ? ['from all'] : []),
    ...selectors.filter((text) => text !== VRF_RULE),
    ...(selectors.includes(VRF_RULE) ? ['lookup [l3mdev-table]'] : []),
    action === 'lookup'
      ? table === null
        ? ''
        : `lookup ${table}`
      : action === 'goto'
        ? `goto ${gotoPriority}`
        : action,
    suppressPrefixLength === null ? '' : `suppress_prefixlength ${suppressPrefixLength}`,
    suppressInterfaceGroup === null ? '' : `suppress_ifgroup ${suppressInterfaceGroup}`,
  ];
  return `${rule.priority}: ${words.filter((word) => word !== '').join(' ')}`;
}
