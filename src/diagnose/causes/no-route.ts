import { dropCause } from '../drops/drop-cause.js';

/**
 * The node's rules and tables lead nowhere: no route matches, or one of type unreachable, prohibit or blackhole does.
 * For the request, for the reply that it should pass on, and for the reply of a server on the node itself, which is
 * never sent: no capture shows that one, and no drop event.
 *
 * Proof: the drop reason IP_INNOROUTES (ip_error(), ip6_pkt_drop()) at the packet's time, or the node's own ICMP
 * error about it; or it vanished there and the routes say so. Against: IpExtInNoRoutes, Ip6InNoRoutes, or for an own
 * reply IpOutNoRoutes, did not move.
 */
export const noRoute = dropCause('no-route');
