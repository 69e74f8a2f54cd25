import type { Packet } from '../../decode/packet.js';
import type { PacketRecord } from '../../ingest/capture/record.js';
import { KeptMessages, type NeighbourRow } from './kept-messages.js';
import { readClaim } from './read-claim.js';

/**
 * Addresses of which messages are kept, a capture: those that somebody claimed, and those that were asked for alone.
 * A scan asks for every address of a network, and a proxy may answer for as many.
 */
const MAX_CLAIMED = 8192;
const MAX_ASKED = 4096;

/** What one capture saw of ARP and neighbour discovery: of each address and link, what tells who had it when. */
export class NeighbourTable {
  /** By interface, VLAN and address. */
  readonly #claimed = new Map<string, KeptMessages>();
  /** Addresses that nobody claimed, the one first asked for first. */
  readonly #asked = new Map<string, KeptMessages>();
  #passedOver = 0;

  /** Takes in a decoded packet that is ARP, or a neighbour solicitation or advertisement; nothing of it is kept. */
  observe(packet: Packet, record: PacketRecord): void {
    const claim = readClaim(packet);
    if (!claim) return;
    const isIfindex = packet.ifindex !== 0;
    const interfaceNumber = isIfindex ? packet.ifindex : record.interface.index;
    const key = `${interfaceNumber} ${claim.vlan} ${claim.target}`;
    const messages = this.#messagesOf(key, claim.claimedMac !== null);
    if (!messages) {
      this.#passedOver++;
      return;
    }
    messages.add({
      claim,
      interface: interfaceNumber,
      isIfindex,
      packetType: packet.packetType,
      seconds: record.seconds,
      nanoseconds: record.nanoseconds,
      packet: record.number,
    });
  }

  #messagesOf(key: string, isClaim: boolean): KeptMessages | null {
    const claimed = this.#claimed.get(key);
    if (claimed) return claimed;
    const asked = this.#asked.get(key);
    if (!isClaim) {
      if (asked) return asked;
      if (this.#asked.size >= MAX_ASKED) this.#forgetOldest();
      return entry(this.#asked, key, new KeptMessages());
    }
    if (this.#claimed.size >= MAX_CLAIMED) return null;
    this.#asked.delete(key);
    return entry(this.#claimed, key, asked ?? new KeptMessages());
  }

  #forgetOldest(): void {
    const [key, messages] = this.#asked.entries().next().value!;
    this.#passedOver += messages.rows.length;
    this.#asked.delete(key);
  }

  /** What is kept, in the order of the capture. */
  rows(): NeighbourRow[] {
    const all = [...this.#claimed.values(), ...this.#asked.values()].flatMap((messages) => messages.rows);
    return all.sort((a, b) => a.packet - b.packet);
  }

  /** Messages that are not kept for want of room, and that repeat none that is. */
  get leftOut(): number {
    let count = this.#passedOver;
    for (const messages of this.#claimed.values()) count += messages.leftOut;
    for (const messages of this.#asked.values()) count += messages.leftOut;
    return count;
  }
}

function entry(map: Map<string, KeptMessages>, key: string, messages: KeptMessages): KeptMessages {
  map.set(key, messages);
  return messages;
}
