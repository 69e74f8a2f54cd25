/**
 * What a thread that reads a capture ahead makes of it: a module of its own, in the memory of the one that has the
 * tables. It keeps nothing in memory but what it is given room for.
 */
export { behindRecords } from './behind-records';
export { briefCount, readWindow } from './read-window';
