import type { TransportKind } from '../transport.js';

/** This machine, in the network namespace that this process is in. */
export const local: TransportKind = {
  scheme: 'local',
  usage: 'local',
  parse: (_, name) => ({ name, argv: (command) => ['sh', '-c', command, 'returnpath-agent'] }),
};
