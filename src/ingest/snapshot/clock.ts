import { InputError } from '../../model/errors.js';
import type { Clock } from '../../model/snapshot.js';
import { NANOSECONDS_PER_SECOND, type Nanoseconds } from '../../model/time.js';

/** Reads clock.txt: `date +%s.%N`, and on the next line the content of /proc/uptime. @throws InputError */
export function readClock(text: string, file: string): Clock {
  const [date = '', uptime = ''] = text.split('\n');
  const wall = /^(\d{1,12})(?:[.,](\d{1,9}))?$/.exec(date.trim());
  if (!wall) throw new InputError(file, null, `line 1: not what \`date +%s.%N\` prints: ${date.trim()}`);
  const boot = /^(\d{1,12})(?:\.(\d{1,9}))?(?:\s|$)/.exec(uptime.trim());
  if (!boot) throw new InputError(file, null, 'line 2: not the content of /proc/uptime');
  return { wall: decimalNs(wall[1]!, wall[2] ?? ''), uptimeNs: decimalNs(boot[1]!, boot[2] ?? '') };
}

/** Nanoseconds of a decimal number of seconds with up to nine digits after its point. */
export function decimalNs(seconds: string, fraction: string): Nanoseconds {
  return BigInt(seconds) * NANOSECONDS_PER_SECOND + BigInt(fraction.padEnd(9, '0'));
}

/** A stamp in nanoseconds since boot on the wall clock; null without a clock. */
export function fromBoot(stampNs: bigint, clock: Clock | null): Nanoseconds | null {
  return clock && clock.wall - clock.uptimeNs + stampNs;
}
