/** What nodes send, in whatever pieces it comes, and whatever they mean by it. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { type FilePart, FrameReader } from '../../src/live/frames.js';
import { PcapStream } from '../../src/live/pcap-stream.js';
import { Spool } from '../../src/live/spool.js';
import { scratch } from '../scratch.js';

/** Cuts octets at arbitrary places. */
function pieces(octets: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (octets.length + 1)), octets.length].sort((a, b) => a - b);
  return at.slice(1).map((end, i) => octets.subarray(at[i], end));
}

interface Received {
  files: Map<string, Buffer>;
  texts: string[];
  ends: number;
}

function receive(chunks: readonly Buffer[]): Received {
  const received: Received = { files: new Map(), texts: [], ends: 0 };
  const reader = new FrameReader({
    onPart: ({ name, offset }) => {
      if (offset === 0) received.files.set(name, Buffer.alloc(0));
    },
    onPiece: ({ name }, _, piece) => {
      received.files.set(name, Buffer.concat([received.files.get(name)!, piece]));
    },
    onEnd: () => {
      received.ends++;
    },
    onText: (line) => received.texts.push(line),
  });
  for (const chunk of chunks) reader.push(chunk);
  reader.finish();
  return received;
}

function frame(name: string, offset: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`\x01returnpath ${name} ${offset} ${content.length}\n`), content]);
}

const cuts = fc.array(fc.nat(), { maxLength: 40 });
const content = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets));
const name = fc.constantFrom('kernel.log', 'drops.txt', 'node.json', 'any.tcpdump.log', 'nft.json');

test('frames: however they are cut, the files are the same', (t) => {
  fc.assert(
    fc.property(fc.array(fc.tuple(name, content, fc.boolean())), cuts, (sent, at) => {
      const expected = new Map<string, Buffer>();
      const octets = sent.map(([file, text, appends]) => {
        const before = (appends && !file.endsWith('.json') && expected.get(file)) || Buffer.alloc(0);
        expected.set(file, Buffer.concat([before, text]));
        return frame(file, before.length, text);
      });
      const received = receive(pieces(Buffer.concat(octets), at));
      t.deepEqual(received.files, expected);
      t.deepEqual(received.texts, []);
    }),
  );
});

test('frames: what the transport says between them is text, whole lines of it', (t) => {
  const chunks = [
    Buffer.from('Warning: added host\r\n'),
    frame('node.json', 0, Buffer.from('{"a":\n1}')),
    Buffer.from('no newline'),
    frame('.', 0, Buffer.alloc(0)),
    Buffer.from('Connection closed'),
  ];
  const { texts, ends, files } = receive(chunks);
  t.deepEqual(texts, ['Warning: added host', 'no newline', 'Connection closed']);
  t.is(ends, 1);
  t.is(files.get('node.json')!.toString(), '{"a":\n1}');
});

for (const [what, part] of Object.entries({
  'a path': '../../etc/passwd.txt 0 3',
  'an absolute path': '/etc/motd.txt 0 3',
  'a capture': 'any.pcap 0 3',
  'a hidden file': '.sent.log 0 3',
  'a hole': 'kernel.log 900719925474099 3',
  'a hole behind what there is': 'drops.txt 4096 3',
  'a program': 'x.sh 0 3',
  'a name that no script has': 'ip-addr2.json 0 3',
  'a name of another directory of a bundle': 'kube/services.json 0 3',
  'a part of what is sent as a whole': 'nft.json 3 3',
})) {
  test(`frames: ${what} is refused, and what follows is read`, (t) => {
    const { files, texts } = receive([
      Buffer.from(`\x01returnpath ${part}\nabc`),
      frame('node.json', 0, Buffer.from('{}')),
    ]);
    t.deepEqual([...files.keys()], ['node.json']);
    t.is(texts.length, 1);
    t.regex(texts[0]!, /refused/);
  });
}

test('frames: of a file that is larger than any is, nothing is taken', (t) => {
  const { files, texts } = receive([
    Buffer.from('\x01returnpath conntrack.txt 0 999999999999999\n'),
    Buffer.alloc(100_000),
  ]);
  t.is(files.size, 0);
  t.deepEqual(texts, ['a part of a file conntrack.txt is refused']);
});

test('garbage neither crashes nor writes anywhere else', (t) => {
  const root = scratch(t);
  const hostile = fc.oneof(
    content,
    fc.tuple(fc.string(), fc.nat(), content).map(([file, offset, text]) => frame(file, offset, text)),
    fc
      .tuple(fc.constantFrom('../x.log', 'a/b.txt', 'any.pcap', 'kernel.log', '..', '.'), fc.nat(), content)
      .map(([file, offset, text]) => frame(file, offset, text)),
  );
  fc.assert(
    fc.property(fc.array(hostile), cuts, (sent, at) => {
      const directory = join(root, 'spool');
      mkdirSync(directory, { recursive: true });
      const spool = new Spool(directory, { octets: 100, files: 2, milliseconds: 60_000 });
      spool.begin();
      const reader = new FrameReader({
        onPart: (part: FilePart) => spool.onPart(part),
        onPiece: (part, offset, piece) => spool.onPiece(part, offset, piece),
        onEnd: () => {},
        onText: () => {},
      });
      for (const chunk of pieces(Buffer.concat(sent), at)) reader.push(chunk);
      reader.finish();
      spool.end();
      t.deepEqual(readdirSync(root), ['spool']);
    }),
    { numRuns: 50 },
  );
});

const packet = fc.tuple(fc.nat(2 ** 31 - 1), fc.nat(999_999), content).map(([seconds, fraction, octets]) => {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(seconds, 0);
  header.writeUInt32LE(fraction, 4);
  header.writeUInt32LE(octets.length, 8);
  header.writeUInt32LE(octets.length, 12);
  return Buffer.concat([header, octets]);
});

const HEADER = Buffer.from('d4c3b2a1020004000000000000000000000004000100000000'.slice(0, 48), 'hex');

test('a capture: however it is cut, the packets are the same, and a part of one is kept back', (t) => {
  fc.assert(
    fc.property(fc.array(packet), cuts, fc.nat(15), (packets, at, cutOff) => {
      const whole = Buffer.concat([HEADER, ...packets]);
      const octets = Buffer.concat([whole, Buffer.alloc(cutOff)]);
      const got: Buffer[] = [];
      const stream = new PcapStream({
        onHeader: (header) => got.push(Buffer.from(header)),
        onPackets: (octets) => got.push(Buffer.from(octets)),
      });
      for (const chunk of pieces(octets, at)) stream.push(chunk);
      t.deepEqual(Buffer.concat(got), whole);
      t.is(stream.packets, packets.length);
      t.is(stream.fault, null);
    }),
  );
});

test('a capture that is none, or has an impossible packet, says so and takes no more', (t) => {
  const taken: number[] = [];
  const sink = { onHeader: () => {}, onPackets: (octets: Uint8Array) => taken.push(octets.length) };
  const none = new PcapStream(sink);
  none.push(Buffer.from('Welcome to node1, today is Friday\n'));
  t.is(none.fault, 'what came is no pcap');
  const broken = new PcapStream(sink);
  broken.push(Buffer.concat([HEADER, Buffer.alloc(16, 0xff), Buffer.alloc(100)]));
  t.regex(broken.fault ?? '', /impossible length/);
  broken.push(Buffer.alloc(1000));
  t.deepEqual(taken, []);
});

test('a window: files are pruned by number and by age, and growing files are cut', (t) => {
  const directory = scratch(t);
  const spool = new Spool(directory, { octets: 1000, files: 3, milliseconds: 60_000 });
  const captures = () => readdirSync(directory).filter((file) => file.includes('.pcap'));
  const size = () =>
    readdirSync(directory).reduce((sum, file) => sum + readFileSync(join(directory, file)).length, 0);
  spool.begin();
  spool.onHeader(HEADER);
  for (let i = 0; i < 100; i++) spool.onPackets(Buffer.alloc(200));
  t.true(captures().length <= 4, captures().join());
  t.true(size() < 5000);
  let offset = 0;
  for (let i = 0; i < 100; i++) {
    for (const file of ['kernel.log', 'drops.txt', 'collect.log', 'any.tcpdump.log']) {
      const line = Buffer.from(`[${i}] ${file.padEnd(50)}\n`.padEnd(80));
      spool.onPart({ name: file, offset, size: line.length });
      spool.onPiece({ name: file, offset, size: line.length }, offset, line);
    }
    offset += 80;
  }
  t.true(size() < 15_000, `${size()}`);
  t.regex(readFileSync(join(directory, 'kernel.log'), 'utf8'), /\[99\]/);
  spool.prune(Date.now() + 120_000);
  t.is(captures().length, 1);
  spool.end();
});
