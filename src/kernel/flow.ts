import type { Address } from './prefix.js';

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

type FlowDetails = Pick<Flow, 'mark' | 'tos' | 'protocol' | 'sourcePort' | 'destinationPort'>;

export function outputDetails(details: PacketDetails): FlowDetails {
  return {
    mark: details.mark ?? null,
    tos: details.tos ?? null,
    protocol: details.protocol ?? null,
    sourcePort: details.sourcePort ?? null,
    destinationPort: details.destinationPort ?? null,
  };
}

/** @param dissects whether the kernel looks at protocol and ports before it asks the rules */
export function inputDetails(details: PacketDetails, dissects: boolean): FlowDetails {
  const told = outputDetails(details);
  return dissects ? told : { ...told, protocol: '0', sourcePort: 0, destinationPort: 0 };
}
