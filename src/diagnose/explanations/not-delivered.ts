import type { CauseExplanation } from '../../model/cause-explanation.js';

export const notDelivered: CauseExplanation = {
  title: "the request never reached the VIP's node",
  means:
    'The request left where it was last seen and did not come to the node that has (or should have) the VIP, although that node was captured. The fault is between them: nobody announces the VIP, the sender has an old or no neighbour entry, a switch or router drops it, or it goes to another host.',
  shows: [
    "The SYN is seen at the client or router, with no SYN on the VIP's node.",
    'ARP requests for the VIP with no reply; or a frame to the MAC of a node that no longer has the VIP.',
    'A frame for another MAC (in a cooked capture: packet type 3, which tcpdump prints as P), which a switch floods: the node that overhears it does not take it in.',
  ],
  proof: [
    'A capture on both sides at one time: sent on the one, never seen on the other, with a filter that would have shown it.',
  ],
  against: [
    'The node was captured with a filter or on an interface that hides it; the clocks or the spans of the captures do not overlap.',
  ],
  lookAlikes: [
    {
      cause: 'arp-conflict',
      difference: 'somebody else answers for the VIP at the same time and gets the request.',
    },
    { cause: 'rp-filter', difference: 'the request does come in, and is dropped after the capture point.' },
    { cause: 'no-route', difference: 'a router on the way says so with an ICMP error.' },
  ],
  fix: [
    'Nobody announces: MetalLB needs an IPAddressPool AND an L2Advertisement (or BGPAdvertisement) that select the address, node and interface; under externalTrafficPolicy: Local, a ready pod on a node. See the speaker logs.',
    'An old neighbour entry after a hand-over: let the new owner announce again, or delete the entry on the router; some routers ignore gratuitous ARP.',
    'BGP mode: look at the session and at the route on the router instead of ARP.',
  ],
  checks: [
    { command: 'ip neigh show VIP', tells: 'on the client or router: whose MAC? FAILED?' },
    { command: 'arping -I IFACE -c 3 VIP', tells: 'does anybody answer?' },
    { command: 'kubectl get servicel2statuses -A; kubectl describe svc NAME', tells: 'who announces' },
    { command: "tcpdump -eni IFACE 'arp or host VIP'", tells: 'on the node: does it arrive?' },
  ],
  sources:
    'RFC 826; RFC 5227 section 2.3 (announcements); MetalLB docs: Concepts/Layer 2 mode, Troubleshooting; Kubernetes: "externalTrafficPolicy".',
};
