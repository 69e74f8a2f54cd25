import type { Transport } from '../transport.js';

/** A node that connections are opened from, or that asks by ARP. */
export interface ProbingNode {
  name: string;
  transport: Transport;
}

/** What is sent on purpose while nodes are recorded: to nothing but the VIPs named here, and their ports. */
export interface ProbePlan {
  targets: readonly { vip: string; port: number }[];
  /** Null: from this machine. */
  from: ProbingNode | null;
  /** Connections to each target, within the bounds of `model/probe-bounds.ts`. */
  count: number;
  /** Connections a second, within the same. */
  rate: number;
  /** Who asks for which VIPs (IPv4) by ARP; null: nobody. */
  arping: { from: ProbingNode; vips: readonly string[] } | null;
}

/** After so long an unanswered connection is given up: its SYN was sent again, so that the captures show the loss. */
export const TIMEOUT_MS = 3000;
