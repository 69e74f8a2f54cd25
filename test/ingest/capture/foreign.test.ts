import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { InputError } from '../../../src/model/errors.js';
import { fixture } from '../../support.js';
import { inChunks, readPackets } from './support.js';
import { writePcap } from './writer.js';

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1');
}

const tar = Buffer.alloc(1024);
tar.write('eth0.pcap');
tar.write('ustar', 257);

const cases: [name: string, octets: Buffer, message: RegExp][] = [
  ['nothing', Buffer.alloc(0), /^test\.pcap: is empty$/],
  ['nothing, compressed', gzipSync(''), /is empty$/],
  ['gzip cut off in its header', latin1('\x1f\x8b\x08'), /cut off before its first octet/],
  ['less than a magic', latin1('\xd4\xc3'), /too short to be a capture \(2 octets\)/],
  [
    'a file that Wireshark wrote as modified pcap',
    read('modified.pcap.unsupported'),
    /Kuznetzov.*editcap -F pcapng/,
  ],
  ['modified pcap, big-endian', writePcap([], { magic: 0xa1b2cd34, littleEndian: false }), /Kuznetzov/],
  ['Navtel', writePcap([], { magic: 0xa12b3c4d }), /Navtel/],
  ['Ixia', writePcap([], { magic: 0x1c0001ac, littleEndian: false }), /Ixia/],
  ['a snoop file that Wireshark wrote', read('snoop.unsupported'), /snoop capture; .*editcap/],
  [
    'a Network Monitor file that Wireshark wrote',
    read('netmon.unsupported'),
    /Network Monitor capture; .*editcap/,
  ],
  ['a tar archive', tar, /tar archive.*bundle/],
  ['a compressed tar archive', gzipSync(tar), /tar archive/],
  ['a web page', latin1('<!DOCTYPE html>\n<title>404</title>'), /web page/],
  [
    'text of tcpdump',
    latin1('12:00:00.000000 IP 10.0.0.1.80 > 10.0.0.2.5: Flags [S]\n'),
    /is text.*tcpdump -w/,
  ],
  ['zeros', Buffer.alloc(4096), /zeros only/],
  ['gzip in gzip', gzipSync(gzipSync('x')), /compressed twice/],
  ['something else', latin1('\x99\x98\x97\x96\x95'), /neither pcap nor pcapng \(it begins with 99989796\)/],
];

for (const [name, octets, message] of cases) {
  test(`${name} is refused, in any chunks, also when going on`, async (t) => {
    for (const size of [1, 100, 4096]) {
      const reading = readPackets(inChunks(octets, [size]), { keepGoing: true });
      const error = await t.throwsAsync(reading, { instanceOf: InputError, message });
      t.false(error.message.includes('\n'));
    }
  });
}

test('refusing does not read on', async (t) => {
  let given = 0;
  const endless = async function* () {
    for (;;) {
      given++;
      yield Buffer.alloc(100, 0x99);
    }
  };
  await t.throwsAsync(readPackets(endless()), { instanceOf: InputError });
  t.true(given < 10);
});

function read(name: string): Buffer {
  return readFileSync(fixture('captures', name));
}
