import { linesOf } from './lines.js';

/** Words of `netstat -s` for counters, of statistics.c of net-tools 2.10, by the kernel's names. */
const WORDS = `
Ip InReceives % total packets received
Ip InHdrErrors % with invalid headers
Ip InAddrErrors % with invalid addresses
Ip ForwDatagrams % forwarded
Ip InUnknownProtos % with unknown protocol
Ip InDiscards % incoming packets discarded
Ip InDelivers % incoming packets delivered
Ip OutRequests % requests sent out
Ip OutDiscards % outgoing packets dropped
Ip OutNoRoutes % dropped because of missing route
Ip6 InReceives % total packets received
Ip6 InHdrErrors % with invalid headers
Ip6 InTooBigErrors % with packets too big
Ip6 InNoRoutes % incoming packets with no route
Ip6 InAddrErrors % with invalid addresses
Ip6 InUnknownProtos % with unknown protocol
Ip6 InTruncatedPkts % with truncated packets
Ip6 InDiscards % incoming packets discarded
Ip6 InDelivers % incoming packets delivered
Ip6 OutForwDatagrams % forwarded
Ip6 OutRequests % requests sent out
Ip6 OutDiscards % outgoing packets dropped
Ip6 OutNoRoutes % dropped because of missing route
Tcp ActiveOpens % active connection openings
Tcp PassiveOpens % passive connection openings
Tcp AttemptFails % failed connection attempts
Tcp EstabResets % connection resets received
Tcp CurrEstab % connections established
Tcp InSegs % segments received
Tcp OutSegs % segments sent out
Tcp RetransSegs % segments retransmitted
Tcp InErrs % bad segments received
Tcp OutRsts % resets sent
Udp InDatagrams % packets received
Udp NoPorts % packets to unknown port received
Udp InErrors % packet receive errors
Udp OutDatagrams % packets sent
Udp RcvbufErrors % receive buffer errors
Udp SndbufErrors % send buffer errors
Udp6 InDatagrams % packets received
Udp6 NoPorts % packets to unknown port received
Udp6 InErrors % packet receive errors
Udp6 OutDatagrams % packets sent
TcpExt ListenOverflows % times the listen queue of a socket overflowed
TcpExt ListenDrops % SYNs to LISTEN sockets dropped`;

/** Counters that are left out while they are zero. The kernels that the rest of a report is of have them all. */
const UNPRINTED_ZEROS = `
Ip InHdrErrors InAddrErrors InUnknownProtos OutDiscards OutNoRoutes
Ip6 InHdrErrors InTooBigErrors InNoRoutes InAddrErrors InUnknownProtos InTruncatedPkts OutDiscards OutNoRoutes
TcpExt IPReversePathFilter ListenOverflows ListenDrops
IpExt InNoRoutes`;

const NAMES = new Map(
  WORDS.trim()
    .split('\n')
    .map((line) => {
      const [, group, name, words] = /^(\w+) (\w+) (.*)$/.exec(line)!;
      return [`${group} ${words}`, `${group}${name}`];
    }),
);

const ZEROS = new Map(
  UNPRINTED_ZEROS.trim()
    .split('\n')
    .map((line) => {
      const [group = '', ...names] = line.split(' ');
      return [group, names.map((name) => group + name)];
    }),
);

export function isNetstat(text: string): boolean {
  return /^(?:Ip|Icmp|Tcp|Udp|TcpExt|IpExt|Ip6):\s*$/m.test(text);
}

/**
 * The counters of `netstat -s` whose kernel names can be told.
 *
 * @param leftOut called with the number of those whose words fit no name, or more than one
 */
export function countersOfNetstat(text: string, leftOut: (count: number) => void): Map<string, number> {
  const values = new Map<string, number>();
  let group = '';
  let unnamed = 0;
  for (const { text: line } of linesOf(text)) {
    const title = /^([A-Z]\w*):$/.exec(line)?.[1];
    if (title !== undefined) {
      group = title;
      for (const name of ZEROS.get(group) ?? []) values.set(name, 0);
      continue;
    }
    const value = /(?:^|\s)(\d+)(?=\s|$)/.exec(line);
    const name = nameOf(line, group);
    if (name !== null && value) values.set(name, Number(value[1]));
    else if (value) unnamed++;
  }
  if (unnamed > 0) leftOut(unnamed);
  return values;
}

function nameOf(line: string, group: string): string | null {
  // What netstat has no words for has the kernel's name; that of IPv6 comes with its group.
  const named = /^([A-Z]\w*): \d+$/.exec(line)?.[1];
  if (named !== undefined) return named.startsWith(group) && group.endsWith('6') ? named : group + named;
  return NAMES.get(`${group} ${line.replace(/(^|\s)\d+(?=\s|$)/, '$1%')}`) ?? null;
}
