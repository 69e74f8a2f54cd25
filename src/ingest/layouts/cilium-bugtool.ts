import { HOSTNAME, layoutOf, type Rule } from './layout.js';
import { blank } from './lines.js';

/** What is between the fences of a file that is Markdown; all of one that is not, less what the tool says of an error. */
export function unfenced(text: string): string {
  const fence = /^```\w*\n([\s\S]*?)\n```$/m.exec(text);
  // The fence itself is a line; so the lines keep their numbers.
  const output = fence ? `${blank(text.slice(0, fence.index))}\n${fence[1]}` : text;
  return output.replace(/^> Error while running .*$/m, '');
}

/** `ip route show table N` does not say of each route which table it is in; the lines set in belong to the one before. */
function inTable(text: string, { table }: Readonly<Record<string, string>>): string {
  return unfenced(text).replace(/^(?=\S).*$/gm, (line) => `${line.trimEnd()} table ${table}`);
}

/** A command's output; sorted before the tables of the other rules for the same file by its path. */
function output(command: string, to: string, more: Partial<Rule> = {}): Rule {
  return { path: `cmd/${command}.md`, to, convert: unfenced, ...more };
}

/** `cilium-bugtool` (cilium/cilium, bugtool/cmd), run in the agent's pod, which has the node's network namespace. */
export const ciliumBugtool = layoutOf({
  name: 'cilium-bugtool',
  called: 'an archive of cilium-bugtool',
  scope: 'node',
  lacks: [
    ...['drops.txt', 'nstat-before.json', 'nstat-after.json', 'clock.txt', 'conntrack.txt', 'nft.json'],
    ...['ip-rule6.json', 'ipvsadm.txt', 'ipset.txt'],
  ],
  notes: ['of the routes, the table `local` is not in it'],
  rules: [
    output('hostname', HOSTNAME),
    output('ip-a', 'ip-addr.json'),
    output('ip--d--s-l', 'ip-link.json'),
    output('ip--4-r', 'ip-route.json', { isPart: true }),
    output('ip--4-route-show-table-{table}', 'ip-route.json', { isPart: true, convert: inTable }),
    output('ip--6-r', 'ip-route6.json', { isPart: true }),
    output('ip--6-route-show-table-{table}', 'ip-route6.json', { isPart: true, convert: inTable }),
    output('ip-rule', 'ip-rule.json'),
    output('ip--4-n', 'ip-neigh.json', { isPart: true }),
    output('ip--6-n', 'ip-neigh.json', { isPart: true }),
    output('sysctl--a', 'sysctl.txt'),
    output('dmesg---time-format=iso', 'kernel.log'),
    // `iptables` is one of these two, whichever the agent has chosen.
    output('iptables-save--c', 'iptables-save.txt', { rank: 1 }),
    output('iptables-nft-save--c', 'iptables-save.txt'),
    output('ip6tables-save--c', 'ip6tables-save.txt', { rank: 1 }),
    output('ip6tables-nft-save--c', 'ip6tables-save.txt'),
  ],
});
