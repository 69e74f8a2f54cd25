import { UsageError } from '../../model/errors.js';
import type { TransportKind } from '../transport.js';

/** A named network namespace of this machine, as `ip netns` lists them. */
export const netns: TransportKind = {
  scheme: 'netns',
  usage: 'netns://NAME',
  parse({ host, pathname }, name) {
    const namespace = decodeURIComponent(host);
    if (namespace === '' || pathname.replace('/', '') !== '')
      throw new UsageError(`${name}: not netns://NAME`);
    return {
      name,
      argv: (command) => ['ip', 'netns', 'exec', namespace, 'sh', '-c', command, 'returnpath-agent'],
    };
  },
};
