/**
 * What is known of UDP by its port alone. TCP says by itself who asks and whether an answer is owed; a datagram
 * does not, so it is taken from what the port is registered for, or commonly used for.
 */

/** How the datagrams of a protocol answer each other. */
export interface DatagramService {
  name: string;
  /**
   * Whether the first 8 octets tell one request from the next: then two alike are one that was sent again. Otherwise
   * (NTP's clients send the same at every poll) the rest has to be compared as well.
   */
  unique: boolean;
}

/** Protocols in which every request is owed a reply, by the port that is asked. */
const REQUEST_REPLY: ReadonlyMap<number, DatagramService> = new Map([
  [53, { name: 'DNS', unique: true }],
  [69, { name: 'TFTP', unique: false }],
  [88, { name: 'Kerberos', unique: false }],
  [111, { name: 'rpcbind', unique: true }],
  [123, { name: 'NTP', unique: false }],
  [161, { name: 'SNMP', unique: false }],
  [389, { name: 'CLDAP', unique: false }],
  [443, { name: 'QUIC', unique: true }],
  [464, { name: 'kpasswd', unique: false }],
  [500, { name: 'IKE', unique: true }],
  [623, { name: 'IPMI', unique: false }],
  [784, { name: 'DNS over QUIC', unique: true }],
  [853, { name: 'DNS over QUIC', unique: true }],
  [1645, { name: 'RADIUS', unique: true }],
  [1646, { name: 'RADIUS accounting', unique: true }],
  [1812, { name: 'RADIUS', unique: true }],
  [1813, { name: 'RADIUS accounting', unique: true }],
  [2049, { name: 'NFS', unique: true }],
  [3478, { name: 'STUN', unique: false }],
  [5060, { name: 'SIP', unique: false }],
  [5349, { name: 'STUN over DTLS', unique: false }],
  // Multicast DNS is told by its address; unicast on this port is a resolver that may not bind 53 (OpenShift's).
  [5353, { name: 'DNS', unique: true }],
  [5683, { name: 'CoAP', unique: true }],
  [5684, { name: 'CoAP over DTLS', unique: false }],
  [8443, { name: 'QUIC', unique: true }],
  [11_211, { name: 'memcached', unique: true }],
]);

/**
 * Protocols that never answer, or tunnels that carry others' packets and answer when they please, by the port that is
 * sent to: silence is their normal course. As attempts they count only where a named VIP serves them.
 */
const SILENT: ReadonlyMap<number, string> = new Map([
  [9, 'discard, Wake-on-LAN'],
  [162, 'SNMP traps'],
  [514, 'syslog'],
  [1514, 'syslog'],
  [2003, 'Graphite'],
  [2055, 'NetFlow'],
  [2152, 'GTP-U'],
  [3784, 'BFD: each end sends on its own, from ports of its own'],
  [3785, 'BFD echo'],
  [4378, 'collectd'],
  [4500, 'ESP in UDP (NAT traversal)'],
  [4739, 'IPFIX'],
  [4784, 'multihop BFD'],
  [5514, 'syslog'],
  [6343, 'sFlow'],
  [6831, 'Jaeger agent'],
  [6832, 'Jaeger agent'],
  [8089, 'InfluxDB line protocol'],
  [8125, 'statsd'],
  [8649, 'Ganglia'],
  [9125, 'statsd exporter'],
  [9995, 'NetFlow'],
  [9996, 'NetFlow'],
  [12_201, 'Graylog (GELF)'],
  [25_826, 'collectd'],
  [51_820, 'WireGuard'],
  [51_821, 'WireGuard (IPv6 of Calico and flannel)'],
  [51_871, 'WireGuard (Cilium)'],
]);

/** Never a client's request to a service, on whatever address: a link's own upkeep, and the cluster's tunnels. */
const NEVER: ReadonlyMap<number, string> = new Map([
  [67, 'DHCP'],
  [68, 'DHCP'],
  [137, 'NetBIOS name service, to broadcast addresses'],
  [138, 'NetBIOS datagrams'],
  [546, 'DHCPv6'],
  [547, 'DHCPv6'],
  [694, 'Heartbeat'],
  [1900, 'SSDP'],
  [1985, 'HSRP'],
  [3702, 'WS-Discovery'],
  [4789, 'VXLAN'],
  [5355, 'LLMNR'],
  [5404, 'Corosync'],
  [5405, 'Corosync'],
  [6081, 'Geneve'],
  [8472, 'VXLAN (Linux, flannel)'],
]);

// Asked for every UDP packet: an octet a port.
const never = new Uint8Array(0x10000);
for (const port of NEVER.keys()) never[port] = 1;
const owing = new Uint8Array(0x10000);
for (const port of REQUEST_REPLY.keys()) owing[port] = 1;
const services = new Uint8Array(0x10000);
for (const port of [...REQUEST_REPLY.keys(), ...SILENT.keys()]) services[port] = 1;

/**
 * Whether a datagram is left out altogether. Both ways of an exchange are judged alike: resolvers, and NAT with random
 * ports, take any as a client's, also one of these. A tunnel's source port is a hash of what it carries, and may be any
 * ephemeral one.
 */
export function isNoise(sourcePort: number, destinationPort: number): boolean {
  if (never[destinationPort] === 1) return never[sourcePort] === 1 || owing[sourcePort] === 0;
  return never[sourcePort] === 1 && services[destinationPort] === 0;
}

/** Whether a service is known on the port, be it one that answers or one that does not. */
export function isServicePort(port: number): boolean {
  return services[port] === 1;
}

/** Whether what is sent to the port is an attempt only where a named VIP serves it. */
export function isSilentPort(port: number): boolean {
  return SILENT.has(port);
}

/** The protocol that owes a reply to what is sent to the port; null where none is known. */
export function serviceOf(port: number): DatagramService | null {
  return REQUEST_REPLY.get(port) ?? null;
}

/** Linux's own range of ephemeral ports begins here (`ip_local_port_range`). */
const FIRST_EPHEMERAL = 32_768;

/** Whether the ports alone say that what goes from the first to the second is a server's answer. */
export function looksLikeReply(sourcePort: number, destinationPort: number): boolean {
  if (isServicePort(sourcePort)) return !isServicePort(destinationPort);
  return (
    sourcePort < FIRST_EPHEMERAL && destinationPort >= FIRST_EPHEMERAL && !isServicePort(destinationPort)
  );
}

/** Where traceroute begins, and how far a trace of 30 hops with several probes a hop goes on. */
const TRACEROUTE = { from: 33_434, to: 33_625 };

export function isTraceroutePort(port: number): boolean {
  return port >= TRACEROUTE.from && port <= TRACEROUTE.to;
}
