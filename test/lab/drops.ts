import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { command, type Ground } from './ground.js';

const TRACING = '/sys/kernel/tracing';
const EVENT = 'events/skb/kfree_skb';

/** Reasons that say nothing of a lost packet and come in floods. */
const NOISE = ['NOT_SPECIFIED', 'SOCKET_CLOSE', 'UNIX_DISCONNECT'];

export interface DropTrace {
  /** The trace's text so far. */
  read(): Promise<string>;
}

/**
 * Starts recording `skb:kfree_skb` in a tracefs instance of this run's own, which disturbs no other reader.
 *
 * @returns null where the kernel names no drop reasons (before 5.17)
 */
export async function traceDrops(ground: Ground): Promise<DropTrace | null> {
  if (!existsSync(`${TRACING}/instances`)) await command(['mount', '-t', 'tracefs', 'tracefs', TRACING]);
  const instance = `${TRACING}/instances/${ground.id}`;
  const filter = dropFilter(await readFile(`${TRACING}/${EVENT}/format`, 'utf8'));
  if (filter === null) return null;
  ground.onTeardown(() => rmdir(instance));
  await mkdir(instance);
  await writeFile(`${instance}/${EVENT}/filter`, filter);
  await writeFile(`${instance}/${EVENT}/enable`, '1');
  return { read: () => readFile(`${instance}/trace`, 'utf8') };
}

/**
 * The event filter that leaves out `NOISE`. A filter takes numbers, which differ between kernels; the event's
 * format file has the names for them.
 */
export function dropFilter(format: string): string | null {
  if (!/field:enum skb_drop_reason reason;/.test(format)) return null;
  const terms = NOISE.flatMap((name) => {
    const number = new RegExp(`\\{ (\\d+), "${name}" \\}`).exec(format)?.[1];
    return number === undefined ? [] : [`reason != ${number}`];
  });
  return terms.join(' && ') || '0';
}
