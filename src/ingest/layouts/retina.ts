import { layoutOf } from './layout.js';
import { blank } from './lines.js';
import { procNet, procSysNet } from './proc.js';

/** By the command's arguments, the files that its output stands in for. */
const OUTPUTS: readonly [command: RegExp, names: readonly string[]][] = [
  [/\/ip .*addr show$/, ['ip-addr.json']],
  [/\/ip .*neighbor show$/, ['ip-neigh.json']],
  // Of IPv4 alone, where no family is asked for.
  [/\/ip rule list$/, ['ip-rule.json']],
  [/\/ip route show table all$/, ['ip-route.json', 'ip-route6.json']],
  [/\/iptables(-nft|-legacy)?-save$/, ['iptables-save.txt']],
];

/**
 * The outputs in a file that runs several commands: a summary with a line `COMMAND(DESCRIPTION)` each, `Execute:`, and
 * then each command's line with its output, which need not end with a line feed.
 */
export function splitRuns(text: string): Map<string, string> {
  const files = new Map<string, string>();
  const [summary = '', ...rest] = text.split(/^Execute:\n\n/m);
  const commands = [...summary.matchAll(/^(\/.+?)\([^()]*\)$/gm)].map((match) => match[1]!);
  const runs = rest.join('Execute:\n\n');
  let from = 0;
  const starts = commands.map((command) => {
    const start = runs.indexOf(`${command}\n\n`, from);
    if (start >= 0) from = start + command.length;
    return start;
  });
  for (const [i, command] of commands.entries()) {
    const start = starts[i]!;
    const [, names = []] = OUTPUTS.find(([pattern]) => pattern.test(command)) ?? [];
    if (start < 0 || names.length === 0) continue;
    const end = starts.slice(i + 1).find((next) => next >= 0);
    const output = runs.slice(start + command.length + 2, end);
    if (/^Failed to run /m.test(output)) continue;
    // Lines keep their numbers: they are named as proof.
    const before = text.slice(0, text.length - runs.length + start + command.length + 2);
    for (const name of names) files.set(name, blank(before) + output);
  }
  return files;
}

/**
 * A capture by Retina (microsoft/retina, pkg/capture/provider/network_capture_unix.go): the pcap lies beside these files.
 * Nothing in it names the node but the names of the archive and the pcap, `CAPTURE-NODE-TIME`.
 */
export const retina = layoutOf({
  name: 'Retina capture',
  called: 'a Retina capture',
  scope: 'node',
  lacks: [
    ...['kernel.log', 'drops.txt', 'nstat-before.json', 'clock.txt'],
    ...['ip-rule6.json', 'nft.json', 'ip6tables-save.txt', 'ipset.txt'],
  ],
  nodeName: (name) => name.replace(/-\d{14}UTC$/, ''),
  rules: [
    {
      path: 'ip-resources.txt',
      to: ['ip-addr.json', 'ip-neigh.json', 'ip-rule.json', 'ip-route.json', 'ip-route6.json'],
      convert: splitRuns,
    },
    { path: 'iptables-rules.txt', to: 'iptables-save.txt', convert: splitRuns },
    procSysNet('proc-sys-net'),
    ...procNet('proc-net'),
  ],
});
