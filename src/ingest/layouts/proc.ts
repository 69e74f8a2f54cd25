/** What a dump holds of `/proc`, as the commands that read it print it. */
import { nstatLines } from '../snapshot/text/proc-net.js';
import type { Rule } from './layout.js';

/** What is read below a directory that is a copy of `/proc/net`: counters, connections and the services of IPVS. */
export function procNet(directory: string): Rule[] {
  const counters = ['netstat', 'snmp', 'snmp6'].map(
    (file): Rule => ({
      path: `${directory}/${file}`,
      to: 'nstat-after.json',
      // What nstat itself printed has the same, and is one listing.
      rank: -1,
      isPart: true,
      isCommon: true,
      convert: nstatLines,
    }),
  );
  const common = { rank: -1, isCommon: true } as const;
  return [
    ...counters,
    { path: `${directory}/nf_conntrack`, to: 'conntrack.txt', ...common },
    { path: `${directory}/ip_vs`, to: 'ipvsadm.txt', ...common },
  ];
}

/**
 * The settings below a directory that is a copy of `/proc/sys/net`, as lines of `sysctl -a`: with `/` between the words
 * of a key, for the name of an interface may have dots.
 */
export function procSysNet(directory: string): Rule {
  return {
    path: `${directory}/{key**}`,
    to: 'sysctl.txt',
    rank: -1,
    isPart: true,
    convert: (text, { key }) => `net/${key} = ${text.trim().replaceAll('\n', ' ')}\n`,
  };
}
