import type { FixFile } from '../../../model/analysis.js';
import type { DeviceChanges } from './files.js';
import { nameOfChanges } from './names.js';

/** A unit that is started whenever the device appears, and carries the commands out again. */
export function unitFile({ node, device, changes }: DeviceChanges, commands: readonly string[]): FixFile {
  const name = `returnpath-${nameOfChanges(device, changes)}.service`;
  const unit = `sys-subsystem-net-devices-${escaped(device)}.device`;
  const content = [
    `# then: systemctl enable ${name}`,
    '[Unit]',
    `Description=Routes and rules for ${device}, as returnpath proposed them`,
    `BindsTo=${unit}`,
    `After=${unit}`,
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    ...commands.map((command) => `ExecStart=/bin/sh -c ${quoted(again(command))}`),
    '',
    '[Install]',
    `WantedBy=${unit}`,
    '',
  ].join('\n');
  return { node, manager: 'systemd', path: `/etc/systemd/system/${name}`, content };
}

/** Rules outlive their device, and are there already when that is made anew. */
function again(command: string): string {
  if (/^ip (-6 )?rule add /.test(command))
    return `${command.replace('rule add', 'rule del')} 2>/dev/null; ${command}`;
  if (/^ip6?tables .*-A /.test(command))
    return `${command.replace(' -A ', ' -C ')} 2>/dev/null || ${command}`;
  // All in one transaction: the table is emptied where it is there, and no packet meets it empty.
  const [, table] = /^nft '(table \S+ \S+) \{/.exec(command) ?? [];
  if (table !== undefined) return command.replace(table, `${table}; delete ${table}; ${table}`);
  return command.replace(/^ip (-6 )?route add /, (_, six) => `ip ${six ?? ''}route replace `);
}

/** A string that systemd takes for one word: `%` and `$` are its own. */
function quoted(command: string): string {
  return `"${command.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%').replaceAll('$', '$$$$')}"`;
}

/** systemd.unit(5), "String escaping for inclusion in unit names". */
function escaped(device: string): string {
  return device.replace(/[^\w:.]|^\./g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
