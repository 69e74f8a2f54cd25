/**
 * The result of an analysis: the one object that `--format json` prints and that every report is made from.
 * Its JSON Schema is `src/report/schema.json`. Times are RFC 3339 in UTC with nanoseconds; durations and
 * offsets are integers in nanoseconds, in fields that end in `Ns`.
 */
import type { Fate } from './fate.js';

export const ANALYSIS_SCHEMA = 'returnpath-analysis/1';

export const OUTCOMES = [
  'established',
  'refused',
  'rejected',
  'unreachable',
  'no-reply',
  'reply-unseen',
  'reply-lost',
  'unacknowledged',
  'reply-only',
  'midstream',
] as const;
/** How a connection attempt ended, as far as the captures show it. */
export type Outcome = (typeof OUTCOMES)[number];

export const CAUSES = [
  'rp-filter',
  'netfilter-rpfilter',
  'arp-conflict',
  'wrong-gateway',
  'forwarding-off',
  'no-route',
  'untranslated-reply',
  'stateful-gateway',
  'filtered',
  'refused',
  'backend-silent',
  'not-delivered',
  'undetermined',
] as const;
export type CauseId = (typeof CAUSES)[number];

export const CONFIDENCES = ['confirmed', 'probable', 'possible'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

export const SEVERITIES = ['fault', 'risk', 'info'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface AnalysisInput {
  node: string;
  /** As the user named it; a member of a bundle as `BUNDLE:MEMBER`. */
  file: string;
  /** `ETHERNET`, `LINUX_SLL2`, …; several, joined by `, `, where a pcapng holds several. */
  linkType: string;
  packets: number;
  bytes: number;
  firstTime: string | null;
  lastTime: string | null;
  /** Packets that the capturing system says it lost; null where the file does not say. */
  dropped: number | null;
  truncated: boolean;
  /** Packets of a link type that is not decoded. */
  undecoded: number;
  /** Why reading stopped before the end (`--keep-going`); null where it did not. */
  error: string | null;
  /** The packet from which on there was no room for more connections; absent where all were followed. */
  unfollowedSince?: number;
}

/**
 * How far a node's clock is from the first node's: its time minus the first node's time, which is `offsetNs` at the
 * instant `at`, and `driftPpm` microseconds more with each second from then on.
 */
export interface AnalysisClock {
  node: string;
  /** Null where no packet joins it to the first: then order rests on cause and effect alone. */
  offsetNs: number | null;
  /**
   * How far the truth may be from that, from the first matched packet to the last, for clocks that were not set. Null
   * where packets went one way alone: they bound the offset from one side (`bound`) or, by way of another node, not.
   */
  uncertaintyNs: number | null;
  /** Null where it is too small to be told from what packets took on their way. */
  driftPpm: number | null;
  /** Packets seen by it and by another node that the offset rests on. */
  matched: number;
  /** By the first node's clock: when one of the matched packets was seen. Absent for the first node, and without offset. */
  at?: string | null;
  /** Present where packets went one way alone: the true offset is at most, or at least, `offsetNs`. */
  bound?: 'at-most' | 'at-least';
  /** Present where no steady clock comes near what was seen: it, or the first node's, was set meanwhile. */
  wasSet?: true;
}

export interface AnalysisVip {
  address: string;
  source: 'flag' | 'kubernetes' | 'inferred';
}

export interface AnalysisTotal {
  /** Null for the attempts on addresses that are not known as VIPs. */
  vip: string | null;
  protocol: string;
  outcomes: Record<Outcome, number>;
  /** How many of the established were made after lost packets alone; absent where none was. */
  slow?: number;
  /** How many of the established a fault keeps from getting any further than the handshake; absent where it keeps none. */
  stuck?: number;
  /** Of the unacknowledged, how many were answered in a protocol that acknowledges nothing; absent where none was. */
  answered?: number;
}

export interface Endpoint {
  address: string;
  port: number | null;
}

export type Role = 'request' | 'reply';
/** Of TCP, with the ACK that ends the handshake and the server's first one after it. */
export type PacketRole = Role | 'client-ack' | 'server-ack';
/** With respect to the node that saw it; null where the capture does not tell. */
export type Direction = 'in' | 'out' | null;

export interface PathStep {
  role: Role;
  node: string;
  /** Another network namespace of the node; null for its own. */
  netns: string | null;
  interface: string | null;
  direction: Direction;
  time: string | null;
  file: string;
  /** From 1, in its file. */
  packet: number;
  /** Addresses and ports as they were here, which NAT may have changed. */
  source: Endpoint;
  destination: Endpoint;
  /** What it was wrapped in here, outermost first, as `vxlan 1 192.168.1.11 > 192.168.1.12`. */
  tunnels: string[];
  /** The sender's retransmission count: 1 for the first SYN (or SYN-ACK). */
  try: number;
  /** It was in a frame for another host: it did not come there. Absent elsewhere. */
  overheard?: true;
}

export interface AnalysisAttempt {
  id: string;
  protocol: string;
  client: Endpoint;
  /** As the client addressed it. */
  server: Endpoint;
  vip: string | null;
  outcome: Outcome;
  firstTime: string | null;
  tries: number;
  /**
   * From the first request to the first that got through, ns: how much longer the connection took for packets that
   * were lost. 0 where none was; null where it was never made, or where its times are not known.
   */
  delayNs: number | null;
  path: PathStep[];
}

export const EVIDENCE_KINDS = [
  'packet',
  'martian',
  'drop-reason',
  'counter',
  'sysctl',
  'route',
  'rule',
  'address',
  'neighbour',
  'log',
  'conntrack',
  'capture',
  'model',
] as const;
export type EvidenceKind = (typeof EVIDENCE_KINDS)[number];

export interface Evidence {
  kind: EvidenceKind;
  node: string | null;
  file: string | null;
  line: number | null;
  packet: number | null;
  text: string;
  /** Of a packet: its first octets as captured, in hex; absent where they were not read again. */
  octets?: string;
  /** Its headers for a person, a line each, the outermost first. */
  decoded?: string[];
}

export interface FixCommand {
  node: string;
  command: string;
  /** Whether the change outlives a reboot. */
  persists: boolean;
  /** It shows something, and changes nothing. */
  asks?: true;
}

/** What makes a change outlive a reboot, under one of the ways that nodes are configured. */
export interface FixFile {
  node: string;
  /**
   * Who reads it: `systemd-networkd`, `netplan`, `NetworkManager`, … One of these is enough. `nftables` and
   * `iptables-persistent` keep rules, which the others do not.
   */
  manager: string;
  path: string;
  content: string;
}

export interface Fix {
  summary: string;
  commands: FixCommand[];
  /** Kubernetes objects to apply, as YAML. */
  manifests: string[];
  /** What makes the commands lasting, where a single command does not; absent where none is needed. */
  files?: FixFile[];
  /** What in the snapshots would undo it, at the next boot or sooner; absent where nothing is known to. */
  undoneBy?: string[];
  /** What takes the commands back, in the order in which it is to be run; absent where that is not known, or nothing stays. */
  undo?: FixCommand[];
  risk: string;
  /** What the kernel model saw happen to the finding's own packets with the fix in place. */
  expected: string;
}

export interface Alternative {
  cause: CauseId;
  why: string;
}

export interface Claimant {
  node: string | null;
  interface: string | null;
  mac: string;
}

export interface Finding {
  id: string;
  cause: CauseId;
  confidence: Confidence;
  severity: Severity;
  vip: string | null;
  node: string | null;
  interface: string | null;
  /** The network namespace of the node that `interface` is in; absent for its own. */
  netns?: string;
  /** `arp-conflict` alone; empty elsewhere. */
  claimants: Claimant[];
  attempts: string[];
  summary: string;
  evidence: Evidence[];
  /** Null where nothing that was tried in the model would help. */
  fix: Fix | null;
  /** What is known beyond the cause's name, as a clause: why of `not-delivered`, what of `filtered` that is not the packet itself, what nevertheless of `undetermined`; absent where nothing is. */
  known?: string;
  /** Why there is no fix, as a clause: what was tried and how it ended; absent where there is one, or nothing was looked for. */
  noFix?: string;
  alternatives: Alternative[];
  /** How many of `attempts` were made in the end, after lost packets; absent where none was. */
  slow?: number;
  /** Who is between the client and the nodes, as the first of `attempts` shows it; absent where that is not known. */
  routers?: FindingRouter[];
  /** Where some attempts fail and others do not: by what they differ, the clearest first. */
  patterns?: Pattern[];
  /** Where changes were proposed (`analyze --set`, `--add`): what they would have made of it. */
  whatIf?: WhatIf;
}

/** Who handed the request to the nodes, or was given the reply by them, and is none of them. */
export interface FindingRouter {
  role: Role;
  /** Null where nothing tells it; not both are. */
  address: string | null;
  mac: string | null;
}

/** What sets apart the attempts that failed from those that were made. */
export interface Pattern {
  /** `backend`, `backend-node`, `entry-node`, `client`, `source-port`, `time`, … */
  by: string;
  rows: { value: string; failed: number; slow: number; made: number }[];
  /** What it comes to, in a sentence: `fails when the backend is on node2, works when it is on node1`. */
  summary: string;
}

export interface WhatIf {
  changes: string[];
  /** Whether the finding's packets would get through; null where that cannot be told. */
  mended: boolean | null;
  /** What the kernel model saw happen to them with the changes in place. */
  expected: string;
}

export interface Gap {
  node: string | null;
  interface: string | null;
  /** What cannot be concluded, and for want of what. */
  why: string;
  /** The command that would record it; null where none would. */
  capture: string | null;
  /** An archive ends early, and was read up to there; absent of all else. */
  cutOff?: boolean;
}

/** One node on a predicted way. */
export interface PredictedStep {
  role: PacketRole;
  node: string;
  netns: string | null;
  /** The interface that the packet comes in by; null where the node itself sends it. */
  input: string | null;
  /** By which it leaves; null where it ends here. */
  output: string | null;
  /** Next hop; null where it ends here, or where the destination is on the link. */
  via: string | null;
  /** As they are when it leaves, or ends here. */
  source: Endpoint;
  destination: Endpoint;
  /** What the node does with it, in order, in words. */
  did: string[];
}

/** One of the ways that a connection may go: which backend is taken, and which node takes the request, is open. */
export interface PredictedWay {
  entry: { node: string; netns: string | null; interface: string | null; sender: string | null; why: string };
  /** Whom the request is for, once it is translated; null where nothing leads it to a backend. */
  backend: Endpoint | null;
  /** Of those that come in at this entry, from 0 to 1. */
  chance: number;
  fate: Fate;
  why: string;
  /** The id of the finding that says why it is lost. */
  finding: string | null;
  steps: PredictedStep[];
  /** What had to be assumed. */
  unknown: string[];
  /** Present where that is nothing but where the request comes in, and who hands it over. */
  assumesEntry?: true;
}

/** What the nodes' settings make of a client's connections to one port of a VIP. */
export interface Prediction {
  vip: string;
  protocol: string;
  port: number;
  client: string;
  /** Whether the client stands for all beyond the routers. */
  anyone: boolean;
  /** Who answers ARP or NDP for the VIP on its link. */
  announcers: { node: string; interface: string; mac: string | null; why: string }[];
  ways: PredictedWay[];
}

export interface AnalysisBackend {
  address: string;
  port: number | null;
  /** `namespace/name`; null where the objects do not name it. */
  pod: string | null;
  node: string | null;
  ready: boolean;
}

/** Who announced a VIP, by a speaker's log or by Kubernetes' objects. */
export interface AnalysisAnnouncer {
  node: string;
  interface: string | null;
  /** Announcements in the logs given; 0 where only objects tell of it. */
  count: number;
  firstTime: string | null;
  lastTime: string | null;
  /** Whether it is the one that announces now; null where that is not known. */
  current: boolean | null;
}

/** A Service behind a VIP, as Kubernetes' objects have it. */
export interface AnalysisService {
  vip: string;
  namespace: string;
  name: string;
  ports: { protocol: string; port: number; name: string | null }[];
  externalTrafficPolicy: string | null;
  backends: AnalysisBackend[];
  /** How the VIP is made known: `metallb-l2`, `metallb-bgp`, `kube-vip`, `keepalived`, …; null where not known. */
  announcedBy: string | null;
  pool: string | null;
  advertisements: string[];
  announcers: AnalysisAnnouncer[];
  /** In layer 2, by the speakers' logs; absent where they tell of none. */
  handOvers?: { time: string; from: string; to: string }[];
}

/** Who claimed an address by ARP or NDP in turn, as far as captured. */
export interface AddressOwners {
  address: string;
  protocol: 'arp' | 'ndp';
  /** By time. Where two owners answer, they take turns. */
  spells: OwnerSpell[];
  /** Spells that are left out, the latest ones; absent where none is. */
  leftOut?: number;
}

/** A time in which one MAC alone claimed the address. */
export interface OwnerSpell {
  mac: string;
  /** Whose MAC it is; null where that is not known. */
  node: string | null;
  interface: string | null;
  /** Replies and announcements that were captured, each capture point's counted. */
  claims: number;
  /** By the first node's clock. */
  firstTime: string;
  lastTime: string;
}

export const PROBE_RESULTS = ['connected', 'refused', 'reset', 'unreachable', 'timeout', 'error'] as const;
/** How a connection fared that was opened on purpose, by who opened it. */
export type ProbeResult = (typeof PROBE_RESULTS)[number];

/** A connection that was opened to see how it fares. */
export interface ProbedConnection {
  sourcePort: number;
  result: ProbeResult;
  /** Until it was known, ns; 0 where the clock of who opened it is too coarse to tell. */
  tookNs: number;
  /** Of `error`: what went wrong; absent elsewhere. */
  why?: string;
  /** The attempt's id; null where none that is listed is it. */
  attempt: string | null;
  /** What the captures show of it; null without an attempt. */
  outcome: Outcome | null;
}

/** Connections to one port of a VIP, opened while nodes were recorded (`--probe`). */
export interface AnalysisProbe {
  /** The node that they were opened from; null: the machine that returnpath ran on. */
  from: string | null;
  vip: string;
  port: number;
  /** How many were to be opened. */
  wanted: number;
  /** By when they were opened; of fewer than `wanted`, `problem` says why. */
  connections: ProbedConnection[];
  problem: string | null;
}

/** Who answered when a node asked for a VIP by ARP (`--arping-from`). */
export interface AnalysisArping {
  /** The node that asked. */
  from: string;
  /** Its interface; null where it could not ask. */
  interface: string | null;
  vip: string;
  owners: Claimant[];
  /** Why it could not ask; null where it did. */
  problem: string | null;
}

/** How the cluster forwards and announces. */
export interface AnalysisCluster {
  /** `iptables`, `ipvs`, `nftables`; null where not known. */
  kubeProxyMode: string | null;
  strictARP: boolean | null;
}

export interface Analysis {
  schema: typeof ANALYSIS_SCHEMA;
  inputs: AnalysisInput[];
  clocks: AnalysisClock[];
  vips: AnalysisVip[];
  totals: AnalysisTotal[];
  attempts: AnalysisAttempt[];
  findings: Finding[];
  gaps: Gap[];
  /** Where Kubernetes' objects are among the inputs. */
  services?: AnalysisService[];
  cluster?: AnalysisCluster;
  /** Of each VIP that somebody claimed by ARP or NDP on a link; absent where that was not captured. */
  owners?: AddressOwners[];
  /** Where connections were opened on purpose while the nodes were recorded. */
  probes?: AnalysisProbe[];
  arpings?: AnalysisArping[];
  /** Of `returnpath predict` alone. */
  predictions?: Prediction[];
  /** Of predictions: changes that were supposed (`--set`, `--add`), which nobody has made, a sentence each. */
  supposed?: string[];
  /** Present where other addresses, MACs and names stand for those that there were (`--redact`). */
  redacted?: true;
  /** False of a run whose captures are gone (`live` without `--out`); absent elsewhere. */
  capturesKept?: false;
}
