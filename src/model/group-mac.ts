/** Whether a MAC is that of a group: multicast or broadcast (IEEE 802, the I/G bit). */
export function isGroupMac(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}
