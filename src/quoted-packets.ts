/** Reads the packets that findings cite once more, so that a report can show them without the captures. */
import { decodePacket } from './decode/decode.js';
import { describePacket } from './decode/describe.js';
import { headerLines } from './decode/header-lines.js';
import { Packet } from './decode/packet.js';
import type { PacketRecord } from './ingest/capture/record.js';
import { type KnownWaypoints, readChosenPackets } from './ingest/chosen-packets.js';
import type { Evidence, Finding } from './model/analysis.js';

/** Octets of a packet that are kept: the headers, an overlay's included. */
const HEAD = 96;
/** Octets of a capture that are read for this where no waypoint leads to a packet: what is cited lies mostly at its beginning. */
const MOST_READ = 64 * 1024 * 1024;
/** Packets that are quoted; a report shows no more. */
const MOST_QUOTED = 200;

/**
 * Sets `octets` and `decoded` in the packet evidence of the findings. What cannot be read again (standard input), lies
 * too far into its capture, or is gone by now, stays without.
 *
 * @param inputs as on the command line
 * @param waypoints of those that were read
 */
export async function quotePackets(
  findings: readonly Finding[],
  inputs: readonly string[],
  waypoints: KnownWaypoints,
): Promise<void> {
  const quote = (record: PacketRecord, cited: Evidence[]) => {
    for (const item of cited) Object.assign(item, quoteOf(record));
  };
  await readChosenPackets(inputs, citedBy(findings), quote, MOST_READ, waypoints);
}

/** By file, and within it by packet number. */
function citedBy(findings: readonly Finding[]): Map<string, Map<number, Evidence[]>> {
  const byFile = new Map<string, Map<number, Evidence[]>>();
  const cited = findings.flatMap(({ evidence }) => evidence).filter(({ packet }) => packet !== null);
  for (const item of cited.slice(0, MOST_QUOTED)) {
    if (item.file === null) continue;
    const ofFile = byFile.get(item.file) ?? new Map<number, Evidence[]>();
    byFile.set(item.file, ofFile);
    ofFile.set(item.packet!, [...(ofFile.get(item.packet!) ?? []), item]);
  }
  return byFile;
}

function quoteOf({
  bytes,
  view,
  offset,
  capturedLength,
  interface: { linkType },
}: PacketRecord): Required<Pick<Evidence, 'octets' | 'decoded'>> {
  const packet = new Packet();
  decodePacket(linkType, bytes, view, offset, capturedLength, packet);
  const end = offset + Math.min(capturedLength, HEAD);
  return {
    octets: Buffer.from(bytes.buffer, bytes.byteOffset + offset, end - offset).toString('hex'),
    decoded: headerLines(describePacket(packet)),
  };
}
