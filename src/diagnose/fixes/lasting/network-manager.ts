import type { Change } from '../../../kernel/what-if/change.js';
import type { FixFile } from '../../../model/analysis.js';
import { shellWord } from '../../shell-word.js';
import type { DeviceChanges } from './files.js';
import { markText } from './mark.js';
import { tableNumber } from './netplan.js';

/** nmcli's words for the connection's own keyfile (nm-settings-nmcli(5)). */
export function networkManagerFile({ node, device, changes }: DeviceChanges): FixFile {
  const name = shellWord(device);
  const lines = [
    `connection=$(nmcli -g GENERAL.CONNECTION device show ${name})`,
    ...changes.map((change) => `nmcli connection modify "$connection" ${property(change)}`),
    `nmcli device reapply ${name}`,
  ];
  const path = `/etc/NetworkManager/system-connections/ (the connection of ${device}, by nmcli)`;
  return { node, manager: 'NetworkManager', path, content: `${lines.join('\n')}\n` };
}

function property(change: Change): string {
  if (change.kind === 'route') {
    const { family, destination, hop, table } = change.route;
    const words = [
      destination,
      hop.gateway,
      table === null ? null : `table=${tableNumber(table)}`,
      hop.onlink ? 'onlink=true' : null,
    ];
    return `+${settingOf(family)}.routes '${words.filter((word) => word !== null).join(' ')}'`;
  }
  if (change.kind === 'address') {
    const { family, address, prefixLength } = change.address;
    return `+${settingOf(family)}.addresses ${address}/${prefixLength}`;
  }
  if (change.kind !== 'rule') return '';
  const { rule } = change;
  const mark = markText(rule);
  const words = [
    `priority ${rule.priority}`,
    rule.from && `from ${rule.from}`,
    rule.to && `to ${rule.to}`,
    mark && `fwmark ${mark}`,
    `table ${tableNumber(rule.table)}`,
    rule.suppressPrefixLength === null ? null : `suppress_prefixlength ${rule.suppressPrefixLength}`,
  ];
  return `+${settingOf(rule.family)}.routing-rules '${words.filter((word) => word !== null).join(' ')}'`;
}

function settingOf(family: 4 | 6): string {
  return family === 6 ? 'ipv6' : 'ipv4';
}
