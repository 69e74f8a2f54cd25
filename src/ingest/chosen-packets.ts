/** Reads single packets of captures once more, by their numbers. */
import { InputError } from '../model/errors.js';
import { readCapture } from './capture/reader.js';
import type { PacketRecord } from './capture/record.js';
import { type InputFile, listFiles } from './input-files.js';
import { fileItems } from './items.js';
import { parseInput } from './specification.js';

/** What is known of each packet that is chosen: by file, as the analysis names it, and by the packet's number. */
export type ChosenPackets<T> = ReadonlyMap<string, ReadonlyMap<number, T>>;

/**
 * Goes once over the inputs, and over no file further than to the last packet that is chosen of it. What cannot be read
 * again (standard input, a file that is gone by now) is passed over.
 *
 * @param inputs as on the command line
 * @param onPacket told of each packet that is found, with what is known of it and its file; the record is valid until
 *   it returns
 * @param mostOctets of a capture that are read for this
 */
export async function readChosenPackets<T>(
  inputs: readonly string[],
  chosen: ChosenPackets<T>,
  onPacket: (record: PacketRecord, known: T, file: string) => void,
  mostOctets = Number.POSITIVE_INFINITY,
): Promise<void> {
  if (chosen.size === 0) return;
  for (const input of inputs) {
    const specification = parseInput(input);
    if (specification.path === '-') continue;
    const { files } = await listFiles(specification);
    for (const file of files) {
      if ([...chosen.keys()].some((name) => mayHold(file, name)))
        await readFrom(file, chosen, onPacket, mostOctets);
    }
  }
}

/** Itself, or as an archive. */
function mayHold({ file }: InputFile, name: string): boolean {
  return file === name || name.startsWith(`${file}:`);
}

async function readFrom<T>(
  input: InputFile,
  chosen: ChosenPackets<T>,
  onPacket: (record: PacketRecord, known: T, file: string) => void,
  mostOctets: number,
): Promise<void> {
  try {
    for await (const item of fileItems(input)) {
      const packets = chosen.get(item.file);
      if (item.kind !== 'capture' || !packets) continue;
      const last = [...packets.keys()].reduce((most, number) => Math.max(most, number), 0);
      let read = 0;
      async function* head(chunks: AsyncIterable<Uint8Array>) {
        let octets = 0;
        for await (const chunk of chunks) {
          yield chunk;
          octets += chunk.length;
          if (read >= last || octets >= mostOctets) return;
        }
      }
      const onRecord = (record: PacketRecord) => {
        read = record.number;
        const known = packets.get(record.number);
        if (known !== undefined) onPacket(record, known, item.file);
      };
      await readCapture(head(item.chunks), item.file, onRecord, { keepGoing: true });
    }
  } catch (error) {
    // What is wrong with it was told when it was read for the analysis.
    if (!(error instanceof InputError)) throw error;
  }
}
