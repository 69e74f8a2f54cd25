/** What the process of libpcap is given, and what it says. */
import type { Rotation } from './rotating-pcap.js';

/** JSON, its one argument. It ends once its standard input does. */
export interface CapTask {
  /** Empty: all that are up, and those that come up later. */
  interfaces: readonly string[];
  filter: string;
  snaplen: number;
  rotation: Rotation;
  /** Directory that the files are written to. */
  into: string;
  /** Which process of the recording it is, from 1: each has files of its own. */
  part: number;
}

/** A line of JSON each, on standard output. */
export type CapWord =
  /** It captures there from now on. */
  | { word: 'opened'; interface: string }
  /** One of all interfaces cannot be captured on; the others go on. */
  | { word: 'refused'; interface: string; why: string }
  /** It captures on all that there is. */
  | { word: 'ready' }
  /** It ends, and another one would go no better. */
  | { word: 'failed'; why: string };

/** A capture's file name without its ending. What a later process writes is another capture: between the two something is missing. */
export function stemOf(name: string, part: number): string {
  return name.replaceAll(/[/ ]/g, '-') + (part === 1 ? '' : `-part${part}`);
}
