import { ruleText } from '../../../kernel/netfilter/nft/text.js';
import type { FixFile } from '../../../model/analysis.js';
import type { Station } from '../../../network/station.js';
import { changesOf } from '../commands.js';
import { nftRule } from '../ideas/firewall.js';

/** The files that rules are loaded from at boot, and where in them the new ones go. */
export function firewallFiles(station: Station, commands: readonly string[]): FixFile[] {
  const { node } = station;
  const files = new Map<string, FixFile>();
  const add = (manager: string, path: string, lines: string) => {
    const file = files.get(path) ?? { node, manager, path, content: '' };
    files.set(path, { ...file, content: `${file.content}${lines}\n` });
  };
  for (const command of commands) {
    if (command.startsWith('nft ')) {
      add('nftables', '/etc/nftables.conf', nftLines(command, station));
    } else if (/^ip6?tables /.test(command)) {
      const [change] = changesOf(command);
      if (change?.kind !== 'iptables') continue;
      const { family, table, chain, position, verb, rule } = change;
      const where =
        position === null
          ? 'at its end'
          : `${verb === 'replace' ? 'in place of' : 'before'} rule ${position}`;
      const path = `/etc/iptables/rules.v${family}`;
      add('iptables-persistent', path, `# in *${table}, chain ${chain}, ${where}:\n-A ${chain} ${rule}`);
    }
  }
  return [...files.values()];
}

/**
 * Where in the file the rule goes, and the rule. Handles are the running kernel's own: a file that names one which is not
 * there when it is loaded is refused as a whole, and the node is up without any rules.
 */
function nftLines(command: string, station: Station): string {
  const line = nftLine(command);
  const parts = /^(add|insert|replace) rule (\S+) (\S+) (\S+)(?: handle (\d+))? (.*)$/s.exec(line);
  if (!parts) return `# at the end:\n${line}`;
  const [, verb, family = '', table = '', chain = '', handle, rule = ''] = parts;
  const inChain = `# in table ${family} ${table}, chain ${chain}, `;
  if (handle === undefined) return `${inChain}at its end:\n${rule}`;
  const place = { tool: 'nft', family, table, chain, handle: Number(handle), rule: null } as const;
  const expr = nftRule(station.snapshot, place);
  const other = expr === null ? 'the rule that drops them' : `the rule "${ruleText(expr, null)}"`;
  return `${inChain}${verb === 'replace' ? 'in place of' : 'before'} ${other}:\n${rule}`;
}

/** What `nft -f` reads is what the command line takes. */
function nftLine(command: string): string {
  return command
    .replace(/^nft '?/, '')
    .replace(/'$/, '')
    .replaceAll("'\\''", "'");
}
