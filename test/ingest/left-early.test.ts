/** Members of archives that are not read to their end: what comes after them is read nevertheless. */
import { Readable } from 'node:stream';
import test from 'ava';
import { pack } from 'tar-stream';
import { tarMembers } from '../../src/ingest/archive/tar.js';

const LARGE = 8 * 1024 * 1024;

test('a member of many chunks that is left after its first one', async (t) => {
  const archive = pack();
  archive.entry({ name: 'any.pcap' }, Buffer.alloc(LARGE, 1));
  archive.entry({ name: 'clock.txt' }, 'the last');
  archive.finalize();
  const seen: string[] = [];
  const chunks = Readable.from(archive) as AsyncIterable<Uint8Array>;
  for await (const { path, chunks } of tarMembers(inPieces(), 'a.tar', t.fail, t.fail)) {
    for await (const chunk of chunks) {
      seen.push(`${path} ${Buffer.from(chunk).subarray(0, 8).toString('latin1')}`);
      break;
    }
  }
  t.deepEqual(seen, ['any.pcap \x01\x01\x01\x01\x01\x01\x01\x01', 'clock.txt the last']);

  /** As a file is read: not all of a member at once. */
  async function* inPieces(): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += 65_536) {
        yield chunk.subarray(at, at + 65_536);
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }
});
