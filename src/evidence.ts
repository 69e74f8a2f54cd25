/** What a finding rests on, as files for an incident: its packets of all nodes, and the lines and settings it cites. */
import { interfaceNameOf } from './ingest/capture/interface-name.js';
import { isCooked } from './ingest/capture/linktypes.js';
import {
  interfaceBlock,
  packetBlockLength,
  sectionBlock,
  type WrittenInterface,
  type WrittenPacket,
  writePacketBlock,
} from './ingest/capture/pcapng-writer.js';
import { receptionFlags } from './ingest/capture/reception.js';
import type { PacketRecord } from './ingest/capture/record.js';
import { readChosenPackets } from './ingest/chosen-packets.js';
import type { Analysis, AnalysisAttempt, AnalysisClock, Finding, PathStep } from './model/analysis.js';
import { clockAhead } from './model/clock.js';
import { toNanoseconds } from './model/time.js';
import type { Redaction } from './redact/redaction.js';
import { escapeText } from './report/escape.js';

/** A file of evidence. */
export interface EvidenceFile {
  name: string;
  content: Uint8Array;
}

/** Attempts of a finding whose packets are shown: they are alike, and these open at once. */
const MOST_ATTEMPTS = 100;

/** A finding, and what is found of its packets. */
interface Part {
  finding: Finding;
  /** How many of its attempts are shown. */
  shown: number;
  /** How many packets it rests on. */
  wanted: number;
  packets: FoundPacket[];
}

/** A packet that a finding rests on, and what is said of it. */
interface Wanted {
  part: Part;
  /** Null where only the finding's evidence names it. */
  step: PathStep | null;
  node: string;
  file: string;
  comments: string[];
}

interface FoundPacket extends WrittenPacket {
  point: WrittenInterface;
}

/**
 * Two files a finding: `f1-rp-filter.pcapng`, its packets in order of time by the first node's clock, an interface block
 * a capture point, each packet with what it shows as its comment; and `f1-rp-filter.txt`, all that it rests on, in words.
 *
 * @param inputs that the analysis was made of, as on the command line; what cannot be read again is left out
 * @param application who writes the files, as `returnpath 1.0`
 * @param warn told of packets that could not be found again
 * @param redaction of the same analysis: the files hold nothing that it replaces, and of packets the headers alone
 */
export async function* evidenceFiles(
  analysis: Analysis,
  inputs: readonly string[],
  application: string,
  warn: (line: string) => void,
  redaction: Redaction | null = null,
): AsyncGenerator<EvidenceFile> {
  const { parts, chosen } = choosePackets(analysis, redaction?.analysis ?? analysis);
  const points = new Map<string, WrittenInterface>();
  await readChosenPackets(inputs, chosen, (record, wanted) => {
    for (const one of wanted)
      one.part.packets.push(foundPacket(record, one, analysis.clocks, points, redaction));
  });
  for (const { finding, shown, wanted, packets } of parts) {
    const name = `${finding.id}-${finding.cause}`;
    if (packets.length < wanted) {
      warn(
        `${name}.pcapng: ${wanted - packets.length} of ${wanted} packets could not be read again, and are not in it`,
      );
    }
    packets.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    const remarks = [
      finding.summary,
      'times are by the clock of the first node',
      ...(shown < finding.attempts.length
        ? [`of ${finding.attempts.length} attempts the first ${shown} are here`]
        : []),
      ...(redaction ? [REDACTED] : []),
    ];
    if (packets.length > 0)
      yield { name: `${name}.pcapng`, content: pcapngOf(packets, application, remarks) };
    yield { name: `${name}.txt`, content: Buffer.from(textOf(finding, redaction !== null)) };
  }
}

const REDACTED =
  'redacted: other addresses, MACs and names stand for those that there were; packets end with the headers';

/** @param told the same as it is to be told, its findings, attempts and steps in the same order */
function choosePackets(analysis: Analysis, told: Analysis) {
  const chosen = new Map<string, Map<number, Wanted[]>>();
  const ofPacket = (file: string, packet: number, made: Wanted): Wanted => {
    const ofFile = chosen.get(file) ?? new Map<number, Wanted[]>();
    chosen.set(file, ofFile);
    const all = ofFile.get(packet) ?? [];
    ofFile.set(packet, all);
    const known = all.find(({ part }) => part === made.part);
    if (known) {
      known.step ??= made.step;
      return known;
    }
    all.push(made);
    made.part.wanted++;
    return made;
  };
  const byId = new Map(analysis.attempts.map((attempt, i) => [attempt.id, i]));
  const parts = analysis.findings.map((finding, nth) => {
    const shown = finding.attempts.slice(0, MOST_ATTEMPTS);
    const part: Part = { finding: told.findings[nth]!, shown: shown.length, wanted: 0, packets: [] };
    for (const at of shown.map((id) => byId.get(id)).filter((i) => i !== undefined)) {
      const attempt = told.attempts[at]!;
      for (const [i, { file, packet, node }] of analysis.attempts[at]!.path.entries()) {
        const step = attempt.path[i]!;
        const wanted = ofPacket(file, packet, { part, step, node, file: step.file, comments: [] });
        wanted.comments.push(stepText(attempt, step, i === attempt.path.length - 1));
      }
    }
    for (const [i, { file, packet, node }] of finding.evidence.entries()) {
      if (file === null || packet === null) continue;
      const item = part.finding.evidence[i]!;
      const made = { part, step: null, node: node ?? '', file: item.file!, comments: [] };
      ofPacket(file, packet, made).comments.push(item.text);
    }
    return part;
  });
  return { parts, chosen };
}

function stepText(
  { id, protocol, outcome }: AnalysisAttempt,
  { role, node, interface: name, direction, try: turn }: PathStep,
  isLast: boolean,
): string {
  const what = protocol === 'tcp' ? (role === 'request' ? 'SYN' : 'SYN-ACK') : role;
  const way = direction === 'in' ? ' in' : direction === 'out' ? ' out' : '';
  const place = name === null ? node : `${node} ${name}`;
  const end = isLast && outcome !== 'established' ? `; ${outcome}: nothing of it is seen after this` : '';
  return `${id}: ${what} (try ${turn}), ${place}${way}${end}`;
}

/** @param clocks by the nodes' own names */
function foundPacket(
  record: PacketRecord,
  { step, node, file, comments }: Wanted,
  clocks: readonly AnalysisClock[],
  points: Map<string, WrittenInterface>,
  redaction: Redaction | null,
): FoundPacket {
  const { bytes, offset, capturedLength, originalLength, seconds, nanoseconds, flags } = record;
  const captured = bytes.slice(offset, offset + capturedLength);
  const { linkType, snapLength } = record.interface;
  // A capture of all interfaces is one point: each of its packets has its interface's number.
  const device = isCooked(linkType) ? 'any' : (recordedName(record, redaction) ?? step?.interface ?? null);
  const name = interfaceNameOf({
    node: redaction?.name('node', node) ?? node,
    netns: step?.netns ?? null,
    interface: device,
  });
  const key = `${name} ${file} ${linkType}`;
  const point = points.get(key) ?? { name, description: file, filter: null, linkType, snapLength };
  points.set(key, point);
  const time = Number.isNaN(seconds) ? 0n : toNanoseconds(seconds, nanoseconds);
  const clock = clocks.find((one) => one.node === node);
  const ahead = clock ? clockAhead(clock, time) : null;
  return {
    point,
    interface: 0,
    time: time - BigInt(Math.round(ahead ?? 0)),
    octets: redaction ? redaction.packet(linkType, captured) : captured,
    originalLength,
    flags: flags || receptionFlags(captured, linkType),
    comments: [...new Set(comments)],
  };
}

function recordedName({ interface: { name } }: PacketRecord, redaction: Redaction | null): string | null {
  return name === null || redaction === null ? name : redaction.name('interface', name);
}

function pcapngOf(
  packets: readonly FoundPacket[],
  application: string,
  remarks: readonly string[],
): Uint8Array {
  const points = new Map<string, WrittenInterface>();
  for (const { point } of packets) {
    const key = keyOf(point);
    const known = points.get(key);
    points.set(key, { ...point, snapLength: Math.max(point.snapLength, known?.snapLength ?? 0) });
  }
  const numbers = new Map([...points.keys()].map((key, i) => [key, i]));
  const numbered = packets.map((packet) => ({ ...packet, interface: numbers.get(keyOf(packet.point))! }));
  const blocks = Buffer.alloc(numbered.reduce((sum, packet) => sum + packetBlockLength(packet), 0));
  numbered.reduce((at, packet) => writePacketBlock(packet, blocks, at), 0);
  return Buffer.concat([
    sectionBlock(application, remarks),
    ...[...points.values()].map(interfaceBlock),
    blocks,
  ]);
}

function keyOf({ name, description, linkType }: WrittenInterface): string {
  return `${name}\n${linkType}\n${description}`;
}

function textOf(
  { id, cause, confidence, severity, summary, evidence, fix, alternatives }: Finding,
  isRedacted: boolean,
): string {
  const lines = [`${id}: ${cause} (${confidence}, ${severity})`, '', summary, '', 'It rests on:'];
  if (isRedacted) lines.splice(1, 0, REDACTED);
  for (const { kind, node, file, line, packet, text } of evidence) {
    const place = packet === null ? (line === null ? '' : ` line ${line}`) : ` packet ${packet}`;
    const source = file === null ? '' : ` [${file}${place}]`;
    lines.push(`- ${node === null ? '' : `${node}: `}${kind}: ${text}${source}`);
  }
  if (alternatives.length > 0)
    lines.push('', 'Ruled out:', ...alternatives.map((a) => `- ${a.cause}: ${a.why}`));
  if (fix) {
    lines.push(
      '',
      `Fix: ${fix.summary}`,
      ...fix.commands.map(({ node, command }) => `- on ${node}: ${command}`),
    );
  }
  return `${lines.map(escapeText).join('\n')}\n`;
}
