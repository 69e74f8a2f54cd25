/** SYNs with another hop limit, in a LINUX_SLL2 capture, also within VXLAN. */
export function withHopsLeft(hops: number): (pcap: Buffer) => Buffer {
  const [sll2, ip, outer, tcp, syn] = [20, 20, 20 + 8 + 8 + 14, 6, 2];
  return (pcap) => {
    const changed = Buffer.from(pcap);
    for (let at = 24; at < changed.length; at += 16 + changed.readUInt32LE(at + 8)) {
      for (const header of [at + 16 + sll2, at + 16 + sll2 + outer]) {
        if (header + ip + 14 > changed.length || changed[header] !== 0x45 || changed[header + 9] !== tcp)
          continue;
        if (changed[header + ip + 13] === syn) changed[header + 8] = hops;
      }
    }
    return changed;
  };
}
