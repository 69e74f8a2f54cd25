/** The text of the parts, one after the other, written by build.mjs. */
export declare const AGENT: string;
