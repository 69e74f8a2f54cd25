/** A LINUX_SLL2 capture in which ARP is another protocol. */
export function withoutArp(pcap: Buffer): Buffer {
  const changed = Buffer.from(pcap);
  for (let at = 24; at < changed.length; at += 16 + changed.readUInt32LE(at + 8)) {
    if (changed.readUInt16BE(at + 16) === 0x0806) changed.writeUInt16BE(0x88b5, at + 16);
  }
  return changed;
}
