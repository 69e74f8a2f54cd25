import { createRequire } from 'node:module';
import test from 'ava';
import { testInNamespaces } from '../../gates.js';

/** `testInNamespaces`, for tests that also send frames of their own, by the optional npm package `cap`. */
export function testOnSegment(...commands: string[]) {
  return process.env.CI || canSend() ? testInNamespaces('sysctl', ...commands) : test.serial.skip;
}

function canSend(): boolean {
  try {
    createRequire(import.meta.url)('cap');
    return true;
  } catch {
    return false;
  }
}
