/** Packets that are no plain segments, and have nothing to do with any TCP connection either: no error, and no tunnel. */
import { GENEVE_PORT, LINUX_VXLAN_PORT, VXLAN_PORT } from '../model/tunnel-ports';
import { LINKTYPE_ETHERNET } from './layout';
import { half } from './octets';
import { ETHERNET_HEADER, IPV4_HEADER, IPV6_HEADER, SLL2_HEADER, TYPE_IPV4, TYPE_IPV6 } from './read-segment';

/** As it is read from memory, whose order is the other. */
const TYPE_ARP: u32 = 0x0608;
const ICMP: u8 = 1;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const ECHO_REPLY: u8 = 0;
const ECHO: u8 = 8;
/** Of ICMPv6, from here on types are no errors; those of neighbour discovery end the ones that are known here. */
const ECHO_6: u8 = 128;
const REDIRECT_6: u8 = 137;
const PORTS: usize = 4;

/**
 * @param start of a packet of Ethernet or LINUX_SLL2
 * @param end of what was captured of it
 */
export function isNothingToTcp(start: usize, end: usize, linkType: u32): bool {
  const isEthernet = linkType === LINKTYPE_ETHERNET;
  const ip = start + (isEthernet ? ETHERNET_HEADER : SLL2_HEADER);
  if (ip > end) return false;
  const type = <u32>load<u16>(isEthernet ? start + 12 : start);
  if (type === TYPE_ARP) return true;
  if (type === TYPE_IPV4) {
    const payload = ip + IPV4_HEADER;
    if (payload + PORTS > end || load<u8>(ip) !== 0x45 || (half(ip + 6) & 0x3fff) !== 0) return false;
    const protocol = load<u8>(ip, 9);
    if (protocol === UDP) return isOutsideTunnels(payload);
    return protocol === ICMP && (load<u8>(payload) === ECHO || load<u8>(payload) === ECHO_REPLY);
  }
  if (type !== TYPE_IPV6) return false;
  const payload = ip + IPV6_HEADER;
  if (payload + PORTS > end || load<u8>(ip) >>> 4 !== 6) return false;
  const protocol = load<u8>(ip, 6);
  if (protocol === UDP) return isOutsideTunnels(payload);
  return protocol === ICMPV6 && load<u8>(payload) >= ECHO_6 && load<u8>(payload) <= REDIRECT_6;
}

function isOutsideTunnels(udp: usize): bool {
  const port = half(udp + 2);
  return port !== VXLAN_PORT && port !== LINUX_VXLAN_PORT && port !== GENEVE_PORT;
}
