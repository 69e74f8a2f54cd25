import type { Change, RouteChange, RuleChange } from '../../../kernel/what-if/change.js';
import type { FixFile } from '../../../model/analysis.js';
import type { DeviceChanges } from './files.js';
import { markText } from './mark.js';
import { nameOfChanges } from './names.js';

/** A drop-in for the file that configures the device, by systemd.network(5). */
export function networkdFile(changes: DeviceChanges): FixFile {
  const { node, device } = changes;
  const say = `# drop-in of the .network file of ${device}: "networkctl status ${device}" names it`;
  const path = `/etc/systemd/network/${device}.network.d/90-returnpath-${nameOfChanges(device, changes.changes)}.conf`;
  return { node, manager: 'systemd-networkd', path, content: `${say}\n${dropIn(changes)}` };
}

export function dropIn({ changes }: DeviceChanges): string {
  return changes.map(section).join('\n');
}

function section(change: Change): string {
  if (change.kind === 'route') return routeSection(change);
  if (change.kind === 'rule') return ruleSection(change);
  if (change.kind === 'address') {
    return lines('[Address]', { Address: `${change.address.address}/${change.address.prefixLength}` });
  }
  return '';
}

function routeSection({ route }: RouteChange): string {
  return lines('[Route]', {
    Destination: route.destination,
    Gateway: route.hop.gateway,
    GatewayOnLink: route.hop.onlink ? 'yes' : null,
    Table: route.table,
  });
}

function ruleSection({ rule }: RuleChange): string {
  return lines('[RoutingPolicyRule]', {
    From: rule.from,
    To: rule.to,
    FirewallMark: markText(rule),
    Table: rule.table,
    SuppressPrefixLength: rule.suppressPrefixLength,
    Priority: rule.priority,
  });
}

function lines(heading: string, values: Readonly<Record<string, string | number | null>>): string {
  const said = Object.entries(values).filter(([, value]) => value !== null);
  return `${[heading, ...said.map(([key, value]) => `${key}=${value}`)].join('\n')}\n`;
}
