import { dropCause } from '../drops/drop-cause.js';

/**
 * A rule asks for the way back to the packet's source and drops what has none by the interface that it came in by:
 * `-m rpfilter` of iptables and ip6tables, `fib saddr . iif` of nftables. It is the only such check of IPv6.
 *
 * Proof: the drop reason NETFILTER_DROP at the packet's time together with the rule, and the routes that lead back by
 * another interface. The kernel's own counter and martian lines say nothing of it.
 */
export const netfilterRpFilter = dropCause('netfilter-rpfilter');
