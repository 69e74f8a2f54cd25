import { dropCause } from '../drops/drop-cause.js';

/**
 * A rule of nftables or iptables, or a chain's policy, drops or rejects the packet, in whichever hook: also the packet
 * of a tunnel that carries it, and also where it answers with a RST or an ICMP error that looks like the server's.
 *
 * Proof: the drop reason NETFILTER_DROP at the packet's time together with the rule that takes it. The reason alone
 * names no packet. Against: the connection is in the node's conntrack table, so the request passed all hooks.
 */
export const filtered = dropCause('filtered');
