/**
 * A decoded packet. One object is reused for every packet: it holds numbers and offsets into the capture's
 * buffer, no copies. Field names are those of the RFCs. An offset of -1 says that the field is absent or was
 * cut off by the snap length.
 *
 * Tunnels are followed to the innermost packet: the `ip*`, `tcp*`, … fields are that packet's; `tunnels` holds
 * what it was wrapped in, outermost first.
 */

/** How far decoding got, and why it went no further. */
export const Outcome = {
  /** Decoded as far as this decoder knows the protocols. */
  complete: 0,
  /** The snap length cut a header off. What came before it is valid. */
  snapped: 1,
  /** A header contradicts itself (a length below its minimum, a wrong version). */
  malformed: 2,
  /** More tunnels within tunnels than are followed. */
  tooDeep: 3,
  /** The link type is not one that is decoded. */
  unknownLinkType: 4,
} as const;
export type Outcome = (typeof Outcome)[keyof typeof Outcome];

export const TunnelKind = { vxlan: 1, geneve: 2, gre: 3, ipip: 4, mpls: 5, pppoe: 6 } as const;
export type TunnelKind = (typeof TunnelKind)[keyof typeof TunnelKind];

/** Tunnels within tunnels that are followed. */
export const MAX_TUNNELS = 4;

/** One wrapping. `source` and `destination` are offsets of the outer IP addresses (-1 under MPLS and PPPoE). */
export interface Tunnel {
  kind: TunnelKind;
  /** VNI of VXLAN and Geneve, key of GRE (0 without one), top label of MPLS, session of PPPoE; 0 for IPIP. */
  id: number;
  /** Version of the outer IP header, 0 where there is none. */
  ipVersion: 0 | 4 | 6;
  source: number;
  destination: number;
  /** Of the outer UDP header; -1 where there is none. */
  sourcePort: number;
  destinationPort: number;
  /** Hop limit of the outer IP header. */
  ttl: number;
  /** Offsets of the outer Ethernet addresses of this wrapping, -1 where it had none. */
  etherSource: number;
  etherDestination: number;
}

export class Packet {
  outcome: Outcome = Outcome.complete;

  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** First octet after the captured part. */
  end = 0;
  /** Link type of the packet before, where `decodePlainTcp` was its decoder; -1 where not. Its own note. */
  plainLinkType = -1;

  // Link layer: of the innermost Ethernet header (an outer one is in its tunnel's entry).
  etherDestination = -1;
  etherSource = -1;
  /** EtherType of what the link layer carries, after any tags; -1 where there is none. */
  etherType = -1;
  /** VID of the outermost 802.1Q or 802.1ad tag of the innermost frame, and of the next; -1 where untagged. */
  vlan = -1;
  innerVlan = -1;

  // Cooked captures (LINUX_SLL, LINUX_SLL2), of the outermost frame.
  /** PACKET_HOST 0, BROADCAST 1, MULTICAST 2, OTHERHOST 3, OUTGOING 4; -1 where not cooked. */
  packetType = -1;
  /** LINUX_SLL2 alone; 0 elsewhere. */
  ifindex = 0;
  /** ARPHRD_ value of the interface: 1 Ethernet, 772 loopback, 65534 none, …; -1 where not cooked. */
  hardwareType = -1;
  /** Link-layer address of the sender; -1 where absent. */
  linkAddress = -1;
  linkAddressLength = 0;

  tunnelDepth = 0;
  readonly tunnels: readonly Tunnel[];

  // IP
  ipVersion: 0 | 4 | 6 = 0;
  sourceAddress = -1;
  destinationAddress = -1;
  /** Identification (IPv4), or that of the Fragment header (IPv6); -1 where there is none. */
  identification = -1;
  /** Time to Live, or Hop Limit. */
  ttl = -1;
  /** In octets. */
  fragmentOffset = 0;
  moreFragments = false;
  dontFragment = false;
  /** Protocol, or the Next Header after the extension headers; -1 where the packet has no IP. */
  protocol = -1;
  /**
   * Octets after the IP header and its extension headers, by the header's own length field; by what was captured
   * where that is 0 (segmentation offload).
   */
  ipPayloadLength = 0;

  // TCP and UDP; ports are -1 in fragments other than the first.
  sourcePort = -1;
  destinationPort = -1;
  /**
   * Octets of data of TCP, UDP and ICMP echo, by the lengths in the headers, not by what was captured; of UDP, those of
   * all fragments.
   */
  payloadLength = 0;
  payloadOffset = -1;
  sequenceNumber = 0;
  acknowledgmentNumber = 0;
  /** FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128; -1 where there is no whole TCP header. */
  tcpFlags = -1;
  window = 0;
  /** Maximum Segment Size; 0 where the option is absent. */
  maximumSegmentSize = 0;
  /** Window Scale shift; -1 where the option is absent. */
  windowScale = -1;
  sackPermitted = false;
  /** Timestamps option: TSval and TSecr; -1 where it is absent or cut off. */
  timestampValue = -1;
  timestampEchoReply = -1;

  // ICMP and ICMPv6
  icmpType = -1;
  icmpCode = -1;
  /** Of echo request and reply; -1 elsewhere. */
  icmpIdentifier = -1;
  icmpSequence = -1;
  /**
   * The packet that an ICMP error quotes, decoded as far as it was quoted; null where this is no error, or
   * where it quotes no whole IP header.
   */
  quoted: Packet | null = null;

  // ARP
  /** REQUEST 1, REPLY 2; -1 where the packet is no ARP for IPv4 over Ethernet. */
  arpOperation = -1;
  arpSenderHardware = -1;
  arpSenderProtocol = -1;
  arpTargetHardware = -1;
  arpTargetProtocol = -1;

  // NDP
  /** Offset of the Target Address of a neighbour solicitation (135) or advertisement (136); -1 elsewhere. */
  ndpTarget = -1;
  /** R 4, S 2, O 1 of a neighbour advertisement. */
  ndpFlags = 0;
  /** Offset of the source (solicitation) or target (advertisement) link-layer address option's address; -1. */
  ndpLinkAddress = -1;

  #quoteHolder: Packet | null = null;

  constructor() {
    const tunnels: Tunnel[] = [];
    for (let i = 0; i < MAX_TUNNELS; i++) tunnels.push(emptyTunnel());
    this.tunnels = tunnels;
  }

  /** The object that `quoted` is decoded into, packet after packet; made when the first ICMP error comes. */
  quoteHolder(): Packet {
    this.#quoteHolder ??= new Packet();
    return this.#quoteHolder;
  }
}

function emptyTunnel(): Tunnel {
  return {
    kind: TunnelKind.vxlan,
    id: 0,
    ipVersion: 0,
    source: -1,
    destination: -1,
    sourcePort: -1,
    destinationPort: -1,
    ttl: 0,
    etherSource: -1,
    etherDestination: -1,
  };
}
