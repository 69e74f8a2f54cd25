import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Outcome, type Packet } from '../../../src/decode/packet.js';
import { scratch } from '../../scratch.js';
import { decode } from './decode.js';
import { FIELDS, type FieldValues, valuesOf } from './fields.js';
import { type Frame, pcapFile } from './pcap.js';

const MAX_OUTPUT = 1 << 28;

/** What tshark reads in the frames: per frame the values of each field, in the order of the headers. */
export function dissect(linkType: number, frames: readonly Frame[]): FieldValues[] {
  const directory = scratch();
  try {
    const file = join(directory, 'frames.pcap');
    writeFileSync(file, pcapFile(linkType, frames));
    const preferences = [
      'ip.defragment:FALSE',
      'ipv6.defragment:FALSE',
      'tcp.relative_sequence_numbers:FALSE',
    ];
    const args = [
      '-n',
      '-r',
      file,
      '-d',
      'udp.port==8472,vxlan',
      '-d',
      'mpls.label==299,pwethcw',
      '-T',
      'fields',
      '-E',
      'occurrence=a',
    ];
    args.push('-E', 'aggregator=|', ...preferences.flatMap((preference) => ['-o', preference]));
    args.push(...FIELDS.flatMap((field) => ['-e', field.name]));
    const output = execFileSync('tshark', args, { encoding: 'utf8', maxBuffer: MAX_OUTPUT, stdio: 'pipe' });
    return output.split('\n').slice(0, frames.length).map(parseRow);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function parseRow(line: string): FieldValues {
  const cells = line.split('\t');
  return new Map(
    FIELDS.map((field, i) => {
      const values = cells[i] ? cells[i].split('|') : [];
      return [field.name, field.normalise ? field.normalise(values) : values];
    }),
  );
}

/**
 * Asserts that every field of every frame is as tshark reads it: all values of a frame that was decoded to its
 * end, and those that both give of a cut one.
 *
 * @returns how many frames were decoded to their end
 */
export function assertLikeTshark(
  t: ExecutionContext,
  linkType: number,
  frames: readonly Frame[],
  label: (index: number) => string = (i) => `frame ${i + 1}`,
): number {
  const dissections = dissect(linkType, frames);
  t.is(dissections.length, frames.length);
  let complete = 0;
  for (const [i, frame] of frames.entries()) {
    const packet = decode(linkType, frame.bytes);
    const whole = isWhole(packet);
    if (whole) complete++;
    const tunnelled = packet.tunnelDepth > 0 || (packet.quoted?.tunnelDepth ?? 0) > 0;
    for (const field of FIELDS) {
      let mine = valuesOf(field, packet);
      let theirs = dissections[i]!.get(field.name)!;
      if (field.innermost && tunnelled) {
        if (!whole || packet.quoted) continue;
        theirs = theirs.slice(theirs.length - mine.length);
      } else if (!whole) {
        // tshark gives up on some cut headers before their first field, on others after it.
        mine = mine.slice(0, theirs.length);
        theirs = theirs.slice(0, mine.length);
      }
      if (mine.join() !== theirs.join()) t.deepEqual(mine, theirs, `${label(i)}: ${field.name}`);
    }
  }
  t.pass();
  return complete;
}

/** Whether all headers were there, the quoted ones as well. */
function isWhole(packet: Packet): boolean {
  if (packet.quoted) return isWhole(packet.quoted);
  return packet.outcome === Outcome.complete && !isError(packet);
}

/** Of an ICMP error: its quote, then, has not even an IP header. */
function isError(packet: Packet): boolean {
  if (packet.protocol === 58) return packet.icmpType >= 1 && packet.icmpType <= 4;
  return packet.protocol === 1 && [3, 4, 5, 11, 12].includes(packet.icmpType);
}
