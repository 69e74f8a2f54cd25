import type { ProbeResult } from '../../model/analysis.js';
import { type Opened, PORT_IN_USE } from './opener.js';

/** In the words of nc (OpenBSD's, Nmap's, busybox's) and curl, which have them of the C library. */
const TEXTS: readonly [RegExp, ProbeResult | typeof PORT_IN_USE][] = [
  [/address already in use|can't grab .* with bind|cannot assign requested address/i, PORT_IN_USE],
  [/connection refused/i, 'refused'],
  [/connection reset/i, 'reset'],
  [
    /no route to host|network is unreachable|host is unreachable|host is down|network is down/i,
    'unreachable',
  ],
  [/timed? ?-?out|operation now in progress/i, 'timeout'],
];

/**
 * What a program made of a connection.
 *
 * @param status its exit status; 0: it was connected
 * @param text what it said
 * @param wait after which it was to give up, ms
 */
export function openedBy(
  status: number,
  text: string,
  tookMs: number,
  wait: number,
): Opened | typeof PORT_IN_USE {
  if (status === 0) return { result: 'connected', tookMs, why: null };
  const result = TEXTS.find(([words]) => words.test(text))?.[1];
  if (result === PORT_IN_USE) return PORT_IN_USE;
  if (result !== undefined) return { result, tookMs, why: null };
  // Some of them end without a word when their time is over.
  if (text.trim() === '' && tookMs >= wait) return { result: 'timeout', tookMs, why: null };
  return { result: 'error', tookMs, why: text.trim() || `it ended with status ${status}` };
}
