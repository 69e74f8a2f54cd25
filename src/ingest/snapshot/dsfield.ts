import { InputError } from '../../model/errors.js';
import type { Entry } from './json.js';

/**
 * The octet of a `tos` field: hexadecimal, or a name of /etc/iproute2/rt_dsfield (RFC 2474 class selectors,
 * RFC 2597 AFxy, RFC 3246 EF), which `ip` prints where it knows one.
 *
 * @throws InputError
 */
export function trafficClass(text: string, entry: Entry): number {
  if (/^0x[0-9a-f]{1,2}$/i.test(text)) return Number(text);
  const selector = /^CS([0-7])$/.exec(text);
  if (selector) return Number(selector[1]) << 5;
  const assured = /^AF([1-4])([1-3])$/.exec(text);
  if (assured) return (Number(assured[1]) << 5) | (Number(assured[2]) << 3);
  if (text === 'EF') return 0xb8;
  if (text === 'default') return 0;
  throw new InputError(
    entry.file,
    null,
    `${entry.place}: "tos" is not known: ${text}; record with \`ip -N -j\``,
  );
}
