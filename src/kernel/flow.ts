import { type Address, isUnspecified, toAddress } from './prefix.js';

/** The packet as policy rules and tables see it (struct flowi4, flowi6). Null: the question does not tell. */
export interface Flow {
  destination: Address;
  /** Null where none is chosen yet, on output; IPv4 rules then see 0.0.0.0. */
  source: Address | null;
  /** `lo` for what the node itself sends. */
  iif: string;
  oif: string | null;
  mark: number | null;
  tos: number | null;
  /** As `ip rule` names it: `tcp`, `udp`, `icmp`, … or a number as text. */
  protocol: string | null;
  sourcePort: number | null;
  destinationPort: number | null;
  uid: number | null;
}

/** What a question may tell of the packet beyond its addresses. What is left out is taken as 0 and said so. */
export interface PacketDetails {
  mark?: number;
  tos?: number;
  protocol?: string;
  sourcePort?: number;
  destinationPort?: number;
}

/** The flow of a packet that came in. Its uid is root's: it is the work of no user (sock_net_uid() without a socket). */
export function inputFlow(
  question: PacketDetails & { source: string; destination: string; interface: string },
  dissects: boolean,
): Flow {
  return {
    destination: toAddress(question.destination),
    source: toAddress(question.source),
    iif: question.interface,
    oif: null,
    mark: question.mark ?? null,
    tos: question.tos ?? null,
    // Before the rules are asked, protocol and ports are looked at only if one of them wants to know.
    protocol: dissects ? (question.protocol ?? null) : '0',
    sourcePort: dissects ? (question.sourcePort ?? null) : 0,
    destinationPort: dissects ? (question.destinationPort ?? null) : 0,
    uid: 0,
  };
}

/** The flow of a packet that the node sends. */
export function outputFlow(
  question: PacketDetails & { source: string | null; destination: string; oif?: string; uid?: number },
): Flow {
  const source = question.source === null ? null : toAddress(question.source);
  return {
    destination: toAddress(question.destination),
    source: source && !isUnspecified(source) ? source : null,
    iif: 'lo',
    oif: question.oif ?? null,
    mark: question.mark ?? null,
    tos: question.tos ?? null,
    protocol: question.protocol ?? null,
    sourcePort: question.sourcePort ?? null,
    destinationPort: question.destinationPort ?? null,
    uid: question.uid ?? null,
  };
}
