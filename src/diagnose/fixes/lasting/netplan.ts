import type { FixFile } from '../../../model/analysis.js';
import type { DeviceChanges } from './files.js';
import { nameOfChanges } from './names.js';
import { dropIn } from './networkd.js';

const SECTIONS: Readonly<Record<string, string>> = { vlan: 'vlans', bond: 'bonds', bridge: 'bridges' };

/**
 * A file beside the others, with which netplan joins it. It has no word for suppress_prefixlength, nor for the mask of a
 * mark: then a drop-in of what it renders for networkd.
 */
export function netplanFile(changes: DeviceChanges): FixFile {
  const { node, device, kind } = changes;
  const name = `90-returnpath-${nameOfChanges(device, changes.changes)}`;
  const rules = changes.changes.flatMap((change) => (change.kind === 'rule' ? [change.rule] : []));
  if (rules.some((rule) => rule.suppressPrefixLength !== null || rule.fwmask !== null)) {
    const say = `# netplan's YAML has no word for all of this: a drop-in of the file that it renders for networkd`;
    const path = `/etc/systemd/network/10-netplan-${device}.network.d/${name}.conf`;
    return { node, manager: 'netplan', path, content: `${say}\n${dropIn(changes)}` };
  }
  const addresses = changes.changes.flatMap((change) =>
    change.kind === 'address' ? [`        - ${change.address.address}/${change.address.prefixLength}`] : [],
  );
  const routes = changes.changes.flatMap((change) => {
    if (change.kind !== 'route') return [];
    const { destination, hop, table } = change.route;
    return entry([
      ['to', destination],
      ['via', hop.gateway],
      ['on-link', hop.onlink ? 'true' : null],
      ['table', tableNumber(table)],
    ]);
  });
  const policy = rules.flatMap((rule) =>
    entry([
      ['from', rule.from],
      ['to', rule.to],
      ['mark', rule.fwmark],
      ['table', tableNumber(rule.table)],
      ['priority', rule.priority],
    ]),
  );
  const part = (name: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`      ${name}:`, ...items];
  const lines = [
    'network:',
    '  version: 2',
    `  ${SECTIONS[kind ?? ''] ?? 'ethernets'}:`,
    `    ${/^[\w.-]+$/.test(device) ? device : JSON.stringify(device)}:`,
    ...part('addresses', addresses),
    ...part('routes', routes),
    ...part('routing-policy', policy),
  ];
  return {
    node,
    manager: 'netplan',
    path: `/etc/netplan/${name}.yaml`,
    content: `${lines.join('\n')}\n`,
  };
}

/** One item of a list; IPv6 addresses are quoted for their colons. */
function entry(pairs: readonly (readonly [string, string | number | null])[]): string[] {
  return pairs
    .filter(([, value]) => value !== null)
    .map(([key, value], i) => {
      const text = String(value).includes(':') ? `"${value}"` : value;
      return `${i === 0 ? '        - ' : '          '}${key}: ${text}`;
    });
}

/** rt_tables' own numbers; netplan and NetworkManager take no names. */
const NUMBERS: Readonly<Record<string, string>> = { main: '254', local: '255', default: '253' };

export function tableNumber(table: string | null): string | null {
  return table === null ? null : (NUMBERS[table] ?? table);
}
