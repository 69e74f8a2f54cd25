import { Outcome, type Packet } from './packet.js';

/** Empties the whole packet, so that nothing of the one before it stays. */
export function reset(packet: Packet): void {
  packet.outcome = Outcome.complete;
  packet.packetType = -1;
  packet.ifindex = 0;
  packet.hardwareType = -1;
  packet.linkAddress = -1;
  packet.linkAddressLength = 0;
  packet.tunnelDepth = 0;
  resetEthernet(packet);
  resetNetwork(packet);
}

/** Empties what an Ethernet header fills. */
export function resetEthernet(packet: Packet): void {
  packet.etherDestination = -1;
  packet.etherSource = -1;
  packet.etherType = -1;
  packet.vlan = -1;
  packet.innerVlan = -1;
}

/** Empties what the network layer and those above it fill. */
export function resetNetwork(packet: Packet): void {
  packet.ipVersion = 0;
  packet.sourceAddress = -1;
  packet.destinationAddress = -1;
  packet.identification = -1;
  packet.ttl = -1;
  packet.fragmentOffset = 0;
  packet.moreFragments = false;
  packet.dontFragment = false;
  packet.protocol = -1;
  packet.ipPayloadLength = 0;

  packet.sourcePort = -1;
  packet.destinationPort = -1;
  packet.payloadLength = 0;
  packet.payloadOffset = -1;
  packet.sequenceNumber = 0;
  packet.acknowledgmentNumber = 0;
  packet.tcpFlags = -1;
  packet.window = 0;
  packet.maximumSegmentSize = 0;
  packet.windowScale = -1;
  packet.sackPermitted = false;
  packet.timestampValue = -1;
  packet.timestampEchoReply = -1;

  packet.icmpType = -1;
  packet.icmpCode = -1;
  packet.icmpIdentifier = -1;
  packet.icmpSequence = -1;
  packet.quoted = null;

  packet.arpOperation = -1;
  packet.arpSenderHardware = -1;
  packet.arpSenderProtocol = -1;
  packet.arpTargetHardware = -1;
  packet.arpTargetProtocol = -1;

  packet.ndpTarget = -1;
  packet.ndpFlags = 0;
  packet.ndpLinkAddress = -1;
}
