/** The text of probe.sh, written by build.mjs. */
export declare const PROBE: string;
