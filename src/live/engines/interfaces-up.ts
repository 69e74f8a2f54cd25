import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const BASE = '/sys/class/net';

/** All that there are. */
export function interfaceNames(): string[] {
  return readdirSync(BASE);
}

/** Interfaces that are up, the loopback included. */
export function interfacesUp(): string[] {
  return interfaceNames().filter(isUp);
}

/** Whether there is such an interface, and it is up; `any`, which is none of the system's, always is. */
export function isUp(name: string): boolean {
  if (name === 'any') return true;
  try {
    // IFF_UP
    return (Number(readFileSync(join(BASE, name, 'flags'), 'utf8')) & 1) === 1;
  } catch {
    return false;
  }
}
