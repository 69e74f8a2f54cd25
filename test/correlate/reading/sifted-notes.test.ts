/** Of a capture that is alone, the notes that are let go are those that nothing is linked by. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { linkedServers } from '../../../src/correlate/reading/linked-servers.js';
import { trackCapture } from '../../../src/correlate/reading/track-capture.js';
import type { PassedOver } from '../../../src/correlate/track/interest.js';
import { fileChunks, ReadBuffer } from '../../../src/ingest/capture/source.js';
import { NOTE_SHIFT } from '../../../src/wasm/layout.js';
import { scratch } from '../../scratch.js';
import { ACK, pcapOf, type Segment, SYN, synOptions } from '../track/wire.js';

const VIP = { addresses: ['192.0.2.1'], linked: [], numbers: [], mostNotes: 1 << 12 };
const OPTIONS = { keepGoing: false, snapshotsOnly: false, keepsAll: true, maxAttempts: 1 << 12, ahead: null };

/** One connection: its server (1 is the VIP), its client, its number and its time stamp. */
const connection = fc.record({
  server: fc.integer({ min: 1, max: 6 }),
  client: fc.integer({ min: 20, max: 21 }),
  port: fc.integer({ min: 1024, max: 1026 }),
  // Few, so that many share one.
  number: fc.nat(25).map((n) => Math.imul(n, 0x9e3779b1) >>> 0),
  stamp: fc.nat(1),
  answered: fc.boolean(),
});

function segmentsOf(
  connections: readonly (typeof connection extends fc.Arbitrary<infer C> ? C : never)[],
): Segment[] {
  return connections.flatMap(({ server, client, port, number, stamp, answered }, i) => {
    const time: [number, number] = [1_700_000_000 + i, 0];
    const asked = {
      time,
      from: client,
      to: server,
      fromPort: port,
      toPort: 80,
      flags: SYN,
      sequence: number,
    };
    const reply = { time, from: server, to: client, fromPort: 80, toPort: port, flags: SYN | ACK };
    const syn: Segment = { ...asked, options: synOptions(stamp) };
    const numbers = { sequence: server * 1000, acknowledgment: (number + 1) >>> 0 };
    return answered ? [syn, { ...reply, ...numbers, options: synOptions(7, stamp) }] : [syn];
  });
}

test('what is linked is found as with all notes', async (t) => {
  const path = join(scratch(t), 'any.pcap');
  const passedBy = async (isAlone: boolean): Promise<PassedOver> => {
    const into = new ReadBuffer();
    const options = { ...OPTIONS, wanted: VIP, isAlone };
    const [only] = await trackCapture(fileChunks(path, path, into), path, options, into);
    return only!.reading.observations.passedOver!;
  };
  let linked = 0;
  let sifted = 0;
  const property = fc.asyncProperty(fc.array(connection, { minLength: 1, maxLength: 80 }), async (all) => {
    await writeFile(path, pcapOf(segmentsOf(all), { link: 'ethernet' }));
    const whole = await passedBy(false);
    const alone = await passedBy(true);
    t.deepEqual(linkedServers([alone]), linkedServers([whole]));
    t.deepEqual({ ...alone, notes: null }, { ...whole, notes: null });
    linked += Number(linkedServers([whole]).length > 0);
    sifted += (whole.notes.length - alone.notes.length) >>> (NOTE_SHIFT - 2);
  });
  await fc.assert(property, { numRuns: 300 });
  t.true(linked > 20 && linked < 290, `${linked}`);
  t.true(sifted > 500, `${sifted}`);
});
