import { dropCause } from '../drops/drop-cause.js';

/**
 * The node gets a packet that is not its own, and is no router: `ip_forward`, or the `forwarding` of the interface
 * that it came in by, is 0 (IN_DEV_FORWARD() in ip_route_input_slow()); of IPv6 `all.forwarding` alone counts
 * (ip6_forward()).
 *
 * Proof: the drop reason IP_INADDRERRORS at the packet's time; or it vanished there and the settings say so. Against:
 * IpInAddrErrors (Ip6InAddrErrors) did not move, or the packet was seen to leave.
 */
export const forwardingOff = dropCause('forwarding-off');
