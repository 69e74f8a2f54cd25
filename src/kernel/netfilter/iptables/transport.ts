/** Matches on transport headers (xt_tcpudp.c, xt_multiport.c, xt_sctp.c, icmp_match). */

import type { FilterPacket } from '../packet.js';
import { each, type MatchExtension, negatedIf, type Test, tests } from './match.js';
import { numberRange, wholeNumber } from './values.js';
import type { Option } from './words.js';

const PORT_OPTIONS = { '--sport': 1, '--source-port': 1, '--dport': 1, '--destination-port': 1 };

type End = 'sourcePort' | 'destinationPort';

const END: Readonly<Record<string, End>> = {
  '--sport': 'sourcePort',
  '--source-port': 'sourcePort',
  '--dport': 'destinationPort',
  '--destination-port': 'destinationPort',
};

function portTest({ name, not, values }: Option): Test | null {
  const end = END[name];
  const range = numberRange(values[0] ?? '', 0xffff);
  if (!end || !range) return null;
  return negatedIf(not, (packet) => isWithin(packet[end], range));
}

function isWithin(port: number | null, [first, last]: readonly [number, number]): boolean | null {
  return port === null ? null : port >= first && port <= last;
}

const PORT_MISSING = "the packet's port is not known";

const ports: MatchExtension = {
  options: PORT_OPTIONS,
  compile: (options) => each(options, portTest, PORT_MISSING),
};

const FLAGS: Readonly<Record<string, number>> = { FIN: 1, SYN: 2, RST: 4, PSH: 8, ACK: 16, URG: 32, ALL: 63 };
const FLAGS_OF = { syn: 2, 'syn-ack': 18, ack: 16 };

function flagBits(text: string | undefined): number {
  return (text ?? '').split(',').reduce((bits, flag) => bits | (FLAGS[flag] ?? 0), 0);
}

function tcpTest(option: Option): Test | null {
  const { name, not, values } = option;
  if (name === '--tcp-option') return () => null;
  if (name !== '--syn' && name !== '--tcp-flags') return portTest(option);
  // `--syn` is short for `--tcp-flags FIN,SYN,RST,ACK SYN`.
  const mask = name === '--syn' ? 23 : flagBits(values[0]);
  const wanted = name === '--syn' ? 2 : flagBits(values[1]);
  return negatedIf(not, ({ tcp }) => (tcp === null ? null : (FLAGS_OF[tcp] & mask) === wanted));
}

const tcp: MatchExtension = {
  options: { ...PORT_OPTIONS, '--tcp-flags': 2, '--syn': 0, '--tcp-option': 1 },
  compile: (options) => each(options, tcpTest, "the packet's ports, flags or options are not all known"),
};

const sctp: MatchExtension = {
  options: { ...PORT_OPTIONS, '--chunk-types': 2 },
  compile: (options) =>
    each(options, (o) => (o.name === '--chunk-types' ? () => null : portTest(o)), 'its chunks are not known'),
};

const multiport: MatchExtension = {
  options: {
    '--sports': 1,
    '--source-ports': 1,
    '--dports': 1,
    '--destination-ports': 1,
    '--ports': 1,
  },
  compile: (options) => each(options, multiportTest, PORT_MISSING),
};

function multiportTest({ name, not, values }: Option): Test | null {
  const ranges: [number, number][] = [];
  for (const text of (values[0] ?? '').split(',')) {
    const range = numberRange(text, 0xffff);
    if (!range) return null;
    ranges.push(range);
  }
  const holds = (port: number | null) =>
    port === null ? null : ranges.some((range) => isWithin(port, range) === true);
  const either = ({ sourcePort, destinationPort }: FilterPacket) => {
    const found = [holds(sourcePort), holds(destinationPort)];
    return found.includes(true) ? true : found.includes(null) ? null : false;
  };
  if (name === '--ports') return negatedIf(not, either);
  const end: End = name.startsWith('--s') ? 'sourcePort' : 'destinationPort';
  return negatedIf(not, (packet) => holds(packet[end]));
}

function icmpTest({ not, values }: Option): Test | null {
  const [typeText, codeText] = (values[0] ?? '').split('/');
  if (typeText === 'any') return negatedIf(not, () => true);
  const type = wholeNumber(typeText);
  const code = codeText === undefined ? null : wholeNumber(codeText);
  if (type === null || (codeText !== undefined && code === null)) return null;
  return negatedIf(not, ({ icmp }) =>
    icmp === null ? null : icmp.type === type && (code === null || icmp.code === code),
  );
}

const icmp: MatchExtension = {
  options: { '--icmp-type': 1, '--icmpv6-type': 1 },
  compile: (options) =>
    options.length === 0 ? tests(() => true) : each(options, icmpTest, 'its ICMP type is not known'),
};

export const TRANSPORT_MATCHES: Readonly<Record<string, MatchExtension>> = {
  tcp,
  udp: ports,
  udplite: ports,
  dccp: { ...ports, options: { ...PORT_OPTIONS, '--dccp-types': 1, '--dccp-option': 1 } },
  sctp,
  multiport,
  icmp,
  icmp6: icmp,
  icmpv6: icmp,
  'ipv6-icmp': icmp,
};
