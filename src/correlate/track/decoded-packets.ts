/** Hot path. Takes in what is not plain (`plain-packets.ts`): decodes each packet for the tracker. */
import { decodePacket } from '../../decode/decode.js';
import { Outcome, Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import type { Tracker } from './tracker.js';

export class DecodedPackets {
  readonly #tracker: Tracker;
  readonly #packet = new Packet();
  /** Packets of link types that are not decoded. */
  undecoded = 0;

  constructor(tracker: Tracker) {
    this.#tracker = tracker;
  }

  /** Takes in one packet; nothing of the record is kept. */
  observe(record: PacketRecord): void {
    const packet = this.#packet;
    const { bytes, view, offset, capturedLength } = record;
    decodePacket(record.interface.linkType, bytes, view, offset, capturedLength, packet);
    if (packet.outcome === Outcome.unknownLinkType) this.undecoded++;
    else this.#tracker.observe(packet, record);
  }
}
