/**
 * MACs that a group of routers shares: which of them sent or takes a frame is not in it, and a router of the group may
 * send what it forwards from its own MAC.
 */
const VIRTUAL: readonly RegExp[] = [
  // VRRP for IPv4 and IPv6 (RFC 9568 section 7.3); CARP uses the same.
  /^00:00:5e:00:0[12]:/,
  // HSRP versions 1 and 2, and 2 for IPv6.
  /^00:00:0c:07:ac:/,
  /^00:00:0c:9f:f/,
  /^00:05:73:a0:0/,
  // GLBP.
  /^00:07:b4:/,
];

export function isVirtualMac(mac: string): boolean {
  return VIRTUAL.some((pattern) => pattern.test(mac));
}
