/** LINKTYPE_ values of the tcpdump.org registry that captures are commonly met with, by name. */
export const LinkType = {
  NULL: 0,
  ETHERNET: 1,
  AX25: 3,
  IEEE802_5: 6,
  ARCNET_BSD: 7,
  SLIP: 8,
  PPP: 9,
  FDDI: 10,
  PPP_HDLC: 50,
  PPP_ETHER: 51,
  ATM_RFC1483: 100,
  RAW: 101,
  C_HDLC: 104,
  IEEE802_11: 105,
  FRELAY: 107,
  LOOP: 108,
  LINUX_SLL: 113,
  LTALK: 114,
  PFLOG: 117,
  IEEE802_11_PRISM: 119,
  IP_OVER_FC: 122,
  SUNATM: 123,
  IEEE802_11_RADIOTAP: 127,
  APPLE_IP_OVER_IEEE1394: 138,
  MTP2: 140,
  DOCSIS: 143,
  IEEE802_11_AVS: 163,
  PPP_PPPD: 166,
  MFR: 182,
  BLUETOOTH_HCI_H4: 187,
  USB_LINUX: 189,
  PPI: 192,
  IEEE802_15_4_WITHFCS: 195,
  ERF: 197,
  PPP_WITH_DIR: 204,
  C_HDLC_WITH_DIR: 205,
  FRELAY_WITH_DIR: 206,
  USB_LINUX_MMAPPED: 220,
  IPNET: 226,
  CAN_SOCKETCAN: 227,
  IPV4: 228,
  IPV6: 229,
  IEEE802_15_4_NOFCS: 230,
  DBUS: 231,
  NFLOG: 239,
  NETANALYZER: 240,
  IPOIB: 242,
  INFINIBAND: 247,
  SCTP: 248,
  USBPCAP: 249,
  WIRESHARK_UPPER_PDU: 252,
  NETLINK: 253,
  PKTAP: 258,
  VSOCK: 271,
  ETHERNET_MPACKET: 274,
  LINUX_SLL2: 276,
} as const;

/** Whether it is one of `-i any`: a packet of it tells its own interface, by number or not at all. */
export function isCooked(linkType: number): boolean {
  return linkType === LinkType.LINUX_SLL || linkType === LinkType.LINUX_SLL2;
}

/**
 * DLT_RAW is 12 on most systems and 14 on OpenBSD. libpcap writes 101 for both; programs that write their files
 * themselves put their system's own number there.
 */
const DLT_RAW: readonly number[] = [12, 14];

const NAMES = new Map<number, string>(Object.entries(LinkType).map(([name, value]) => [value, name]));
for (const value of DLT_RAW) NAMES.set(value, 'RAW');

/** The registry's name without its `LINKTYPE_`, as `ETHERNET`; `LINKTYPE_<n>` for a value that is not known. */
export function linkTypeName(linkType: number): string {
  return NAMES.get(linkType) ?? `LINKTYPE_${linkType}`;
}
