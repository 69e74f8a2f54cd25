/** What a node is asked to record. */
export interface Recording {
  /** The node's name; null: its hostname. */
  node: string | null;
  /** 0: until it is told to end. */
  seconds: number;
  /** Interfaces to capture on, a file each; empty: all, in one file. */
  interfaces: readonly string[];
  /** Other connections are then left out as far as they can be; empty: none are. */
  vips: readonly string[];
  /** A filter in libpcap's language, in place of what `vips` gives; null: none. */
  filter: string | null;
  /** Octets of each packet. */
  snaplen: number;
  /** Begins another file after so many million octets; null: one file. */
  megabytes: number | null;
  /** Keeps so many files, the newest; null: all. */
  files: number | null;
  /** Has the kernel log martian packets meanwhile. */
  logMartians: boolean;
  /** Traces the kernel's reasons of drops meanwhile. */
  dropReasons: boolean;
}

/** What is recorded where nothing else is said. */
export const DEFAULTS: Recording = {
  node: null,
  seconds: 30,
  interfaces: [],
  vips: [],
  filter: null,
  snaplen: 192,
  megabytes: null,
  files: null,
  logMartians: false,
  dropReasons: false,
};
