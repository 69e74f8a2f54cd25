/** What could be done about one thing that fails. */

import type { Network } from '../../network/network.js';
import type { Risk } from '../prediction/risk.js';
import type { Allotted } from './allotted.js';
import type { Step } from './step.js';

export interface FixIdea {
  /** In one or two sentences. */
  summary: string;
  steps: Step[];
  /** What it costs, and whom it suits. */
  risk: string;
  /** What is given up for it: see COST. */
  cost: number;
  /** Kubernetes objects that do the same in the place of commands, as YAML. */
  manifests?: string[];
  /** Where there are no commands to carry out: what was seen of it, tried by another way. */
  tried?: string;
}

/** A single change is preferred to two, and of those what keeps protection to what drops it. */
export const COST = {
  change: 10,
  /** Of the clients that were seen alone, not of those to come. */
  someClients: 4,
  /** Who may serve, and how load is spread, is another matter then. */
  policy: 2,
  /** Half a dozen commands that have to fit each other. */
  intricate: 3,
  /** Takes the client's address from the backend. */
  hidesClient: 5,
  /** Looks less closely: loose in place of strict, a hole in a filter. */
  looser: 1,
  /** A hole in a filter for what could go another way, though by more commands and for the clients that were seen. */
  hole: 8,
  /** Looks no more at all: two changes that keep the check are better. */
  unchecked: 15,
} as const;

/** What fails first on the walks of one state of the network: alike in cause, node, interface and direction. */
export interface Problem {
  network: Network;
  allotted: Allotted;
  /** Never empty. */
  risks: readonly Risk[];
  /** Whether nothing else fails. */
  whole: boolean;
  /** Whether the clients stand for others beyond them. */
  anyone: boolean;
  /** Whether the request was translated by a node that no snapshot tells of, before the walk began. */
  translated: boolean;
}

/** Every idea that there is for a cause, in the order of preference among those of one cost. */
export type IdeasFor = (problem: Problem) => FixIdea[];
