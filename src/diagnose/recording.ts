/** Commands that record what a bundle lacks; each writes the file that the bundle format names. */
import { SNAPSHOT_FILES } from '../ingest/snapshot/files.js';
import type { Sighting } from '../model/sighting.js';
import { shellWord } from './shell-word.js';

/** Both the packet and the tunnels that may carry it: a `tcp` filter hides what is inside UDP. */
export function captureFilter(last: Sighting): string {
  const tunnel = last.encapsulations[0]?.port;
  const tunnels = tunnel == null ? '4789 or udp port 8472' : String(tunnel);
  return `host ${last.source.address} or udp port ${tunnels} or arp or icmp or icmp6`;
}

/** @param name null: all interfaces */
export function captureCommand(name: string | null, filter: string): string {
  const stem = name ?? 'any';
  return `tcpdump -i ${shellWord(stem)} -n -s 128 --immediate-mode -U -w ${shellWord(`${stem}.pcap`)} '${filter}'`;
}

/** What a line names before it says that this is missing; a rule of nft may have that word as well. */
const MISSING = /^(.*?) (?:is|are)(?: empty or)? missing\b/;

/** The bundle's files that a line of doubt says are missing. */
export function filesNamedIn(lines: readonly string[]): string[] {
  // A line may go on with files that are there.
  const missing = lines.flatMap((line) => MISSING.exec(line)?.[1] ?? []);
  return SNAPSHOT_FILES.map(({ name }) => name).filter((name) => missing.some((said) => said.includes(name)));
}
