import type { ProbeResult } from '../../model/analysis.js';

/** How a connection fared. */
export interface Opened {
  result: ProbeResult;
  /** Until it was known. */
  tookMs: number;
  /** Of `error`: what went wrong. */
  why: string | null;
}

/** The source port is another connection's: nothing was sent. */
export const PORT_IN_USE = 'port in use';

/** Opens connections to one port of one address, each from a source port of its own, and sends nothing over them. */
export interface Opener {
  /**
   * Resolved once connections can be opened.
   *
   * @returns the address that they come from; null where it is not known
   * @throws Error that says what is wanting
   */
  begin(): Promise<string | null>;
  /** @returns null where it was ended before anything was known */
  open(sourcePort: number): Promise<Opened | typeof PORT_IN_USE | null>;
  /** Ends what is under way; resolved when nothing of it is left. */
  end(): Promise<void>;
}
