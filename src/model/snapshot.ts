/**
 * What one node said of itself: the plain output of standard commands, read into fields and not yet
 * interpreted. `null` means that the file was not there, which is not the same as an empty one.
 */
import type { Nanoseconds } from './time.js';

export interface InterfaceAddress {
  interface: string;
  address: string;
  prefixLength: number;
  /** The other end of a point-to-point address; null where there is none. */
  peer: string | null;
  broadcast: string | null;
  scope: string;
  flags: string[];
  /** Who put it there, as `keepalived` or `kernel_ra` (iproute2 6.3 and later); absent where not told. */
  protocol?: string;
}

export interface Link {
  ifindex: number;
  name: string;
  /** Hardware address; null for links that have none. */
  mac: string | null;
  /** As `ip link` prints them: `UP`, `LOWER_UP`, `NO-CARRIER`, `LOOPBACK`, `NOARP`, … */
  flags: string[];
  operState: string;
  mtu: number;
  /** Name or number as text, `default` where it was never set. */
  group: string;
  /** `ether`, `loopback`, `none`, `ipip`, … */
  type: string;
  /** `veth`, `vxlan`, `bridge`, `vlan`, …; null for a physical device. */
  kind: string | null;
  /** The bridge or bond that this link is a port of. */
  master: string | null;
  /** The VRF that it is in, and no port of: what comes in by it is taken to. Absent where it is in none. */
  vrf?: string;
  /** Of a VRF, the number of its table; absent where not told. */
  vrfTable?: string;
  /** The lower device (a VLAN's parent, a VXLAN's underlay device) where it is in the same namespace. */
  lower: string | null;
  /** A program of XDP is attached to it. */
  hasXdp?: true;
  vxlan: { id: number; port: number; local: string | null; remote: string | null } | null;
  vlanId: number | null;
}

export interface NextHop {
  gateway: string | null;
  interface: string | null;
  weight: number;
  /** `dead`, `linkdown`, `onlink`, … */
  flags: string[];
}

export interface Route {
  family: 4 | 6;
  /** `unicast`, `local`, `broadcast`, `multicast`, `anycast`, `throw`, `unreachable`, `prohibit`, `blackhole`, `nat` */
  type: string;
  /** `ADDRESS/LENGTH`, always with a length; the default route is `0.0.0.0/0` or `::/0`. */
  destination: string;
  /** IPv6 source-specific routes only. */
  from: string | null;
  /** Table name or number as text: `main`, `local`, `default`, `100`. */
  table: string;
  protocol: string | null;
  scope: string;
  metric: number;
  tos: number;
  prefsrc: string | null;
  /** Of `ip nexthop`, where the route was made with one; absent for one of its own. */
  nextHopId?: number;
  /** IPv6 alone (RFC 4191): `low`, `medium` or `high`. */
  preference?: string;
  /** One for a plain route, several for multipath, none for blackhole and its like. */
  nextHops: NextHop[];
  flags: string[];
}

export interface Rule {
  family: 4 | 6;
  priority: number;
  not: boolean;
  from: string | null;
  to: string | null;
  iif: string | null;
  oif: string | null;
  fwmark: number | null;
  fwmask: number | null;
  tos: number | null;
  ipProtocol: string | null;
  sourcePorts: [number, number] | null;
  destinationPorts: [number, number] | null;
  uidRange: [number, number] | null;
  /** `lookup`, `goto`, `nop`, `prohibit`, `blackhole`, `unreachable` */
  action: string;
  table: string | null;
  gotoPriority: number | null;
  suppressPrefixLength: number | null;
  suppressInterfaceGroup: string | null;
  /** Selectors that this reader does not know, in the file's own words; the model says so and stays unsure. */
  unknown: string[];
}

export interface Neighbour {
  address: string;
  interface: string;
  mac: string | null;
  /** `REACHABLE`, `STALE`, `PERMANENT`, `FAILED`, `NOARP`, … */
  states: string[];
  router: boolean;
  proxy: boolean;
}

/** `martian source D from S, on dev X`: the kernel names the destination first. */
export interface MartianRecord {
  kind: 'source' | 'destination';
  destination: string;
  source: string;
  interface: string;
  /** From the `ll header` line that follows; null where none did, or where the link has no addresses. */
  linkDestination: string | null;
  linkSource: string | null;
  etherType: number | null;
  /** When the kernel wrote it; null where its stamp cannot be placed on the wall clock. */
  time: Nanoseconds | null;
  /** How far `time` may be off, ns: a stamp in seconds since boot is placed through `/proc/uptime`. */
  timeUncertaintyNs: number;
  /** False where the stamp is in the host's zone, which nothing tells: then `time` takes it for UTC. */
  zoneKnown: boolean;
  file: string;
  /** From 1, in `file`. */
  line: number;
  text: string;
}

/** Of one file, or of several that tell of one node; what two of them hold is counted once. */
export interface KernelLog {
  /** The first of `files`. */
  file: string;
  files: string[];
  martians: MartianRecord[];
  /** Sum of `callbacks suppressed`: lines that the rate limit swallowed. */
  suppressed: number;
  lines: number;
  /** Lines whose time stamp could not be placed. */
  unplaced: number;
}

/** One `skb:kfree_skb` event. Its text has no address and no device: it is matched by time. */
export interface DropRecord {
  reason: string;
  /** Kernel function it was dropped in, without offset; null where absent. */
  location: string | null;
  /** EtherType, as in `protocol=2048`. */
  protocol: number | null;
  time: Nanoseconds | null;
  line: number;
  text: string;
}

export interface DropLog {
  file: string;
  records: DropRecord[];
}

/** A service that a MetalLB speaker said to announce, or to announce no more; repetitions are one event. */
export interface SpeakerEvent {
  kind: 'announced' | 'withdrawn';
  /** `NAMESPACE/NAME`. */
  service: string;
  /** Empty where the line has none, as of a service that was deleted. */
  addresses: string[];
  /** `layer2` or `bgp`; null where the line has none, as when withdrawn. */
  protocol: string | null;
  reason: string | null;
  /** Of the first and the last of the repetitions; null where a line has no time. */
  time: Nanoseconds | null;
  lastTime: Nanoseconds | null;
  /** How long after `time` it may have been, ns: MetalLB writes whole seconds. */
  timeUncertaintyNs: number;
  times: number;
  /** From 1, of the first, in the log's file. */
  line: number;
  text: string;
}

/** What `kubectl logs` printed of one MetalLB speaker. */
export interface SpeakerLog {
  file: string;
  /** As `kubectl logs --prefix` names it, or the dump that holds it; null where neither does. */
  pod: string | null;
  /** The speaker's own node; null where the log does not go back to its start, or memberlist is off. */
  node: string | null;
  events: SpeakerEvent[];
  /** Where it listened at the end; null where the log does not go back to its start. */
  arpInterfaces: string[] | null;
  ndpInterfaces: string[] | null;
}

/** One direction of a conntrack entry. */
export interface ConntrackTuple {
  source: string;
  destination: string;
  sourcePort: number | null;
  destinationPort: number | null;
  /** Of ICMP and ICMPv6 entries, which have no ports. */
  icmp: { type: number; code: number; id: number } | null;
}

export interface ConntrackEntry {
  family: 4 | 6;
  protocol: string;
  state: string | null;
  original: ConntrackTuple;
  reply: ConntrackTuple;
  mark: number;
  /** 0 where the entry names none. */
  zone: number;
  unreplied: boolean;
  assured: boolean;
}

/** A line of a file that sysctls are set from at boot. */
export interface PersistedSysctl {
  line: number;
  /** With `/` for an interface's dots, as in `sysctl`; may be a pattern: `net.ipv4.conf.*.rp_filter`. */
  key: string;
  /** Null for `-key`, which keeps patterns from setting it. */
  value: string | null;
}

export interface SysctlFile {
  /** Below the node's root: `etc/sysctl.d/90-x.conf`. */
  path: string;
  /** As the user would name it. */
  file: string;
  settings: PersistedSysctl[];
}

export interface IpvsServer {
  address: string;
  port: number;
  /** `masq` translates the destination; `route` and `tunnel` keep it; `local` is the node itself. */
  forward: 'masq' | 'route' | 'tunnel' | 'local';
  /** 0: gets no new connections. */
  weight: number;
}

/** A virtual service of IPVS: of an address and port, or of a firewall mark, where these are null. */
export interface IpvsService {
  protocol: 'tcp' | 'udp' | 'sctp' | null;
  address: string | null;
  port: number | null;
  mark: number | null;
  /** `rr`, `wlc`, `sh`, … */
  scheduler: string;
  /** How long a client stays with its server, s; null where it does not, `unknown` where it does and how long is not told. */
  persistent: number | 'unknown' | null;
  servers: IpvsServer[];
}

export interface Counters {
  file: string;
  values: Map<string, number>;
}

export interface Clock {
  wall: Nanoseconds;
  /** Since boot, ns; `/proc/uptime` has centiseconds only. Null where nothing told it. */
  uptimeNs: bigint | null;
  /** How far `wall - uptimeNs` may be off; absent where both were read exactly and at once. */
  bootErrorNs?: number;
  /** The host's offset from UTC when it was read; absent where nothing told it. */
  zoneSeconds?: number;
}

/** A set of the kernel's that rules ask (`ipset save`). */
export interface IpSet {
  name: string;
  /** As `hash:ip,port`. */
  type: string;
  /** Null where the type is for both. */
  family: 4 | 6 | null;
  /** Prefix length to which addresses are cut before they are looked up. */
  netmask: number | null;
  /** As `255.0.255.0`: the same by a mask of any bits. */
  bitmask: string | null;
  /** Of bitmaps: `10.0.0.0-10.0.255.255`, `1-1000`. */
  range: string | null;
  /** Whether elements may go by themselves after some time. */
  expires: boolean;
  elements: IpSetElement[];
  /** False where fewer were listed than it has. */
  isWhole: boolean;
}

export interface IpSetElement {
  /** As it is printed, a part for each of the type's: `10.0.0.1,tcp:80`. */
  value: string;
  /** What is excepted from a wider one. */
  nomatch: boolean;
  /** Of an interface: stands for all whose names begin so. */
  wildcard: boolean;
  /** It goes by itself after some time. */
  expires: boolean;
}

export interface Snapshot {
  node: string;
  /** A pod's or another network namespace of the node; null for the node's own. */
  netns: string | null;
  /** The directory or archive that it was read from, as the user named it. */
  source: string;
  addresses: InterfaceAddress[] | null;
  links: Link[] | null;
  routes4: Route[] | null;
  routes6: Route[] | null;
  rules4: Rule[] | null;
  rules6: Rule[] | null;
  neighbours: Neighbour[] | null;
  /** Keys with `/` for an interface's dots: `net.ipv4.conf.eth0/100.rp_filter`. */
  sysctl: Map<string, string> | null;
  /** What sets sysctls at the next boot, in no order; null where none of these files was there. */
  persisted: SysctlFile[] | null;
  countersBefore: Counters | null;
  countersAfter: Counters | null;
  kernelLog: KernelLog | null;
  clock: Clock | null;
  drops: DropLog | null;
  /** `nft -j list ruleset`, parsed as JSON and no further. */
  nft: unknown | null;
  iptables: string | null;
  ip6tables: string | null;
  conntrack: ConntrackEntry[] | null;
  ipvs: IpvsService[] | null;
  ipsets: IpSet[] | null;
  /** `kube/*.json` and `.yaml`, parsed and no further, by file name. */
  kube: Map<string, unknown>;
  /** Of `kube/*.log`; null where no speaker's log was there. */
  speakerLogs: SpeakerLog[] | null;
  /** What the readers had to say: skipped lines, unknown words. One line each, naming the file. */
  warnings: string[];
}
