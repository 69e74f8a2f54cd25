import { swap } from './pcap.js';

/** Octets from the start that `describeForeign` can make use of: tar's magic is the last of what it knows. */
export const FOREIGN_HEAD = 512;

const CONVERT = 'convert it with: editcap -F pcapng IN OUT';

/** Relatives of pcap by their magic (libpcap's sf-pcap.c, Wireshark's libpcap.h). */
const PCAP_VARIANTS = new Map([
  [0xa1b2cd34, "is a pcap file of Alexey Kuznetzov's modified format (magic a1b2cd34; Red Hat 6, SuSE 6)"],
  [0xa1b234cd, "is a pcap file of Felipe Mesquita's modified format (magic a1b234cd)"],
  [0xa12b3c4d, 'is a pcap file of the Navtel format (magic a12b3c4d)'],
  [0x1c0001ac, 'is a pcap file of the Ixia format for hardware captures (magic 1c0001ac)'],
  [0x1c0001ab, 'is a pcap file of the Ixia format for software captures (magic 1c0001ab)'],
]);

/** Other formats by their first octets, in Latin-1. */
const MAGICS: readonly [magic: string, what: string][] = [
  ['snoop\0\0\0', `is a snoop capture; ${CONVERT}`],
  ['GMBU', `is a Microsoft Network Monitor capture; ${CONVERT}`],
  ['RTSS', `is a Microsoft Network Monitor capture; ${CONVERT}`],
  ['TRSNIFF data', `is a Sniffer capture; ${CONVERT}`],
  ['XCP\0', `is a NetXRay capture; ${CONVERT}`],
  ['\x1f\x8b', 'is compressed twice; decompress it once with gzip -d'],
  ['\x28\xb5\x2f\xfd', 'is compressed twice; decompress it once with zstd -d'],
  ['BZh', 'is compressed with bzip2; decompress it with bzip2 -d first'],
  ['\x04\x22\x4d\x18', 'is compressed with lz4; decompress it with lz4 -d first'],
  ['PK\x03\x04', 'is a zip archive; unpack it first'],
  ['\x7fELF', 'is a program, not a capture'],
];

/**
 * Says what a file that is no pcap or pcapng looks like, and the cure.
 *
 * @param head its first octets, up to 512
 */
export function describeForeign(head: Uint8Array): string {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (head.length >= 4) {
    const magic = new DataView(head.buffer, head.byteOffset, 4).getUint32(0, true);
    const variant = PCAP_VARIANTS.get(magic) ?? PCAP_VARIANTS.get(swap(magic));
    if (variant) return `${variant}; ${CONVERT}`;
  }
  for (const [magic, what] of MAGICS) if (text.startsWith(magic)) return what;
  if (text.slice(257, 262) === 'ustar') return 'is a tar archive, not a capture; give it as a bundle';
  if (/^\s*<(!doctype html|html|\?xml)/i.test(text)) {
    return 'is a web page (HTML or XML), not a capture: perhaps the error page of a download';
  }
  if (/^\0+$/.test(text)) return 'begins with zeros only: the capture was not written, or lost in a crash';
  if (/^[\t\n\r\x20-\x7e]+$/.test(text)) {
    return 'is text, not a capture; record packets with tcpdump -w FILE';
  }
  const first = Buffer.from(head.subarray(0, 4)).toString('hex');
  return `is neither pcap nor pcapng (it begins with ${first}); if it is a capture, ${CONVERT}`;
}
