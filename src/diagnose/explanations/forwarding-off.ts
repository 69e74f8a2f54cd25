import type { CauseExplanation } from '../../model/cause-explanation.js';

export const forwardingOff: CauseExplanation = {
  title: 'a node that should pass the packet on does not forward',
  means:
    'A node passes on packets that are not for itself only where forwarding is on: for IPv4, conf.IFACE.forwarding of the interface that the packet comes in by (net.ipv4.ip_forward sets it for all at once); for IPv6, conf.all.forwarding. To a pod behind the node, that is every packet.',
  shows: [
    'The packet goes into the node and does not come out. No martian line. The client may get an ICMP host unreachable, or nothing.',
    'Typically after a reboot or a sysctl run that put ip_forward back to 0, or on an interface that was made later.',
  ],
  proof: [
    'The snapshot has it off for the interface that the packet came in by, the packet was last seen there, and it was for another host (a pod) by then.',
  ],
  against: [
    'The packet is for an address of the node itself: that needs no forwarding. Or it is seen to leave.',
  ],
  lookAlikes: [
    { cause: 'no-route', difference: 'forwarding is on, and no route has the destination.' },
    { cause: 'filtered', difference: 'a FORWARD chain drops it (Docker sets its policy to DROP).' },
    { cause: 'rp-filter', difference: 'the way back of the SOURCE is at fault; checked after this one.' },
  ],
  fix: [
    'sysctl -w net.ipv4.ip_forward=1 (IPv6: net.ipv6.conf.all.forwarding=1), and the same in /etc/sysctl.d. Look for the file that set it to 0: the last one in the order of names wins.',
    'Changing ip_forward resets forwarding and accept_redirects of every interface: set those after it. IPv6 forwarding stops router advertisements from being taken, unless accept_ra=2.',
  ],
  checks: [
    { command: 'sysctl net.ipv4.ip_forward net.ipv4.conf.IFACE.forwarding', tells: '' },
    { command: 'sysctl net.ipv6.conf.all.forwarding', tells: '' },
    { command: 'grep -rn forward /etc/sysctl.conf /etc/sysctl.d /usr/lib/sysctl.d /run/sysctl.d', tells: '' },
    { command: 'ip route get POD from CLIENT iif IFACE', tells: '"No route to host": off' },
  ],
  sources:
    'ip_route_input_slow() in net/ipv4/route.c (EHOSTUNREACH); ip6_forward() in net/ipv6/ip6_output.c; ip_forward, forwarding in Documentation/networking/ip-sysctl.rst; sysctl.d(5).',
};
