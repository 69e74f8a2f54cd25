import { UsageError } from '../../model/errors.js';
import type { Transport, TransportKind } from '../transport.js';
import { kubectl } from './kubectl.js';
import { local } from './local.js';
import { netns } from './netns.js';
import { ssh } from './ssh.js';

const KINDS: readonly TransportKind[] = [ssh, kubectl, netns, local];

/** For help. */
export const TRANSPORTS = KINDS.map(({ usage }) => usage).join(', ');

/**
 * @param text as `ssh://root@node1`
 * @throws UsageError
 */
export function parseTransport(text: string): Transport {
  const [scheme = '', rest] = text.split('://', 2);
  const kind = KINDS.find((known) => known.scheme === scheme);
  if (!kind || (rest === undefined) !== (kind.usage === kind.scheme)) {
    throw new UsageError(`${text}: no transport; there are ${TRANSPORTS}`);
  }
  // By a scheme that is no web's, a host's name keeps its case.
  const url = `x-${rest === undefined ? 'local://this' : text}`;
  if (!URL.canParse(url)) throw new UsageError(`${text}: not ${kind.usage}`);
  return kind.parse(new URL(url), text);
}
