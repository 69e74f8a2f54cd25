/** Correct before fast: what ours counts in a capture is what others count there. */
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { Analysis } from '../../src/model/analysis.js';
import { countsOf } from './analysis-counts.js';
import { analysisOf, VIP } from './comparisons.js';
import { isInstalled, PEERS } from './peers.js';
import { type Counts, countCapture } from './reference.js';

export class WrongCount extends Error {
  override name = 'WrongCount';
}

/**
 * @param packets that were written
 * @returns what the capture holds, and by whom it was counted besides
 * @throws WrongCount
 */
export async function checkCounts(
  capture: string,
  packets: number,
): Promise<{ counts: Counts; by: string[] }> {
  const counts = countCapture(capture);
  compare('packets, as written and by the reference', packets, counts.packets);
  compareCounts(`${capture}`, await countOurs(capture, null), counts);
  compareCounts(`${capture} --vip ${VIP}`, await countOurs(capture, VIP), countCapture(capture, VIP));
  const by = ['the reference'];
  if (isInstalled(PEERS.tshark)) {
    by.push('tshark');
    compare(
      `${capture}: connections, by ours and by tshark`,
      counts.connections,
      await conversations(capture),
    );
  }
  return { counts, by };
}

async function countOurs(capture: string, vip: string | null): Promise<Counts> {
  const { command, args, statuses } = analysisOf(capture, vip);
  const { stdout } = await promisify(execFile)(command, args, { maxBuffer: 1 << 28 }).catch((error) => {
    if (statuses?.includes(error.code)) return error as { stdout: string };
    throw error;
  });
  return countsOf(JSON.parse(stdout) as Analysis);
}

function compareCounts(what: string, ours: Counts, reference: Counts): void {
  compare(`${what}: packets, by ours and by the reference`, ours.packets, reference.packets);
  compare(`${what}: connections, by ours and by the reference`, ours.connections, reference.connections);
  for (const outcome of new Set([...Object.keys(ours.outcomes), ...Object.keys(reference.outcomes)])) {
    const [one, other] = [ours.outcomes[outcome] ?? 0, reference.outcomes[outcome] ?? 0];
    compare(`${what}: ${outcome}, by ours and by the reference`, one, other);
  }
}

function compare(what: string, one: number, other: number): void {
  if (one !== other) throw new WrongCount(`${what}: ${one} and ${other}`);
}

/** Connections that tshark lists. */
async function conversations(capture: string): Promise<number> {
  const { command, args } = PEERS.tshark.read(capture);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  let count = 0;
  for await (const line of createInterface({ input: child.stdout })) if (line.includes('<->')) count++;
  return count;
}
