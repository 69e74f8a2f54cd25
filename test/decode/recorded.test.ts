import { testWith } from '../gates.js';
import { fixture } from '../support.js';
import { readFrames, snap } from './support/pcap.js';
import { assertLikeTshark } from './support/tshark.js';

const test = testWith('tshark');

const RECORDINGS = ['ethernet', 'ethernet-snapped', 'sll', 'sll2', 'sll2-snapped'];
const WHOLE = ['ethernet', 'sll', 'sll2'];

for (const name of RECORDINGS) {
  test(`${name}: every packet as tshark reads it`, (t) => {
    const { linkType, frames } = readFrames(fixture('decode', `${name}.pcap`));
    const complete = assertLikeTshark(t, linkType, frames);
    t.true(frames.length > 100);
    if (WHOLE.includes(name))
      t.true(complete > frames.length * 0.9, `${complete} of ${frames.length} complete`);
    else t.true(complete > 0 && complete < frames.length);
  });
}

for (const name of WHOLE) {
  test(`${name}: cut at every length that ends within headers`, (t) => {
    const { linkType, frames } = readFrames(fixture('decode', `${name}.pcap`));
    const cuts = frames.flatMap((frame, i) =>
      // Each length for some frame of every kind: neighbours in a recording are alike.
      Array.from({ length: 40 }, (_, k) => ({ i, frame: snap(frame, k * 4 + (i % 4)) })),
    );
    assertLikeTshark(
      t,
      linkType,
      cuts.map((cut) => cut.frame),
      (k) => `frame ${cuts[k]!.i + 1} cut to ${cuts[k]!.frame.bytes.length}`,
    );
  });
}
