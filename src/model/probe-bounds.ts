/** How much may be sent on purpose: connections are to show what is wrong, not to add to it. */

/** Connections to one port of a VIP in a run. */
export const MOST_CONNECTIONS = 1000;
/** Connections a second. */
export const HIGHEST_RATE = 50;
