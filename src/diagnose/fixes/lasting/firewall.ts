import type { FixFile } from '../../../model/analysis.js';
import { changesOf } from '../commands.js';

/** The files that rules are loaded from at boot, and where in them the new ones go. */
export function firewallFiles(node: string, commands: readonly string[]): FixFile[] {
  const files = new Map<string, FixFile>();
  const add = (manager: string, path: string, lines: string) => {
    const file = files.get(path) ?? { node, manager, path, content: '' };
    files.set(path, { ...file, content: `${file.content}${lines}\n` });
  };
  for (const command of commands) {
    if (command.startsWith('nft ')) {
      add('nftables', '/etc/nftables.conf', `# at the end:\n${nftLine(command)}`);
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

/** What `nft -f` reads is what the command line takes. */
function nftLine(command: string): string {
  return command
    .replace(/^nft '?/, '')
    .replace(/'$/, '')
    .replaceAll("'\\''", "'");
}
