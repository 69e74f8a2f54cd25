import test from 'ava';
import { has } from './support.js';

/** In CI nothing is skipped: a test whose tools are missing fails there. */
const MUST_RUN = Boolean(process.env.CI);

/** `test` where the independent references that it needs are installed, else `test.skip`. */
export function testWith(...commands: string[]) {
  return MUST_RUN || has(commands) ? test : test.skip;
}

/** The same, one after the other: for a browser, whose pages wait for each other when they are open at once. */
export function testInTurn(...commands: string[]) {
  return MUST_RUN || has(commands) ? test.serial : test.serial.skip;
}

/** The same, one after the other, for tests that make network namespaces and send packets through them. */
export function testInNamespaces(...commands: string[]) {
  return MUST_RUN || has(['ip', ...commands], true) ? test.serial : test.serial.skip;
}

/** The same, all at once: for tests that see to it themselves that they do not disturb each other. */
export function testSideBySide(...commands: string[]) {
  return MUST_RUN || has(['ip', ...commands], true) ? test : test.skip;
}
