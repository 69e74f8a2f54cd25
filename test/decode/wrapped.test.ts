import { testWith } from '../gates.js';
import { snap } from './support/pcap.js';
import { recordedPackets } from './support/recorded.js';
import { assertLikeTshark } from './support/tshark.js';
import { WRAPPINGS } from './support/wrap.js';

const test = testWith('tshark');

const packets = recordedPackets().filter((packet) => packet.length < 700);

for (const linkType of new Set(WRAPPINGS.map((wrapping) => wrapping.linkType))) {
  test(`link type ${linkType}: recorded packets in other headers, whole and cut, as tshark reads them`, (t) => {
    t.true(packets.length >= 20);
    const cases = WRAPPINGS.filter((wrapping) => wrapping.linkType === linkType).flatMap(
      ({ name, wrap, originalLength }) =>
        packets.flatMap((packet, i) => {
          const bytes = wrap(packet);
          const frame = { bytes, originalLength: originalLength ?? bytes.length };
          const cuts = Array.from({ length: 12 }, (_, k) => snap(frame, k * 13 + (i % 13)));
          return [frame, ...cuts].map((each) => ({
            name: `${name}, packet ${i}, ${each.bytes.length} octets`,
            each,
          }));
        }),
    );
    const frames = cases.map(({ each }) => each);
    const complete = assertLikeTshark(t, linkType, frames, (k) => cases[k]!.name);
    t.true(complete > packets.length / 2);
  });
}
