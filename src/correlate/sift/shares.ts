/** What became of a row when connections were sifted, where it is no share of a sample. */

/** Its connection is counted, and let go. */
export const SIFTED_LET_GO = 0xff;

/** It is kept beside the sample, for what its packets tell of clocks. */
export const SIFTED_NEEDED = 0xfe;
