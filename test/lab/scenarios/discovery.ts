/** Rules that drop neighbour discovery, without which IPv6 reaches nobody on a link (RFC 4890 section 4.4.1). */
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { EDGE_OPTIONS, EDGE6, edge } from '../grounds/edge.js';
import { IPV6 } from '../grounds/layouts.js';
import type { Scenario } from '../scenario.js';
import { BASE } from './base.js';

const CLUSTER = cluster(clusterOptions(IPV6));
const SOLICITATIONS = 'ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbour-solicitation';
const ADVERTISEMENTS = 'ip6tables -A INPUT -p icmpv6 --icmpv6-type neighbour-advertisement';

export const DISCOVERY: Scenario[] = [
  {
    ...BASE,
    name: 'advertisements-dropped',
    description:
      "A rule of kw2 drops neighbour advertisements: the pod answers, and kw2 never learns its MAC. The pod's silence is none.",
    ground: CLUSTER,
    changes: { kw2: [`${ADVERTISEMENTS} -j DROP`] },
    // kw2 tells when the client has given up.
    alsoFitting: ['unreachable'],
    expect: { cause: 'filtered', node: 'kw2', interface: 'br-pods' },
  },
  {
    ...BASE,
    name: 'advertisements-dropped-reply',
    description:
      'A rule of mx1 drops neighbour advertisements, those of its default gateway too: the way of the replies is no wrong one.',
    ground: edge({ ...EDGE_OPTIONS, layout: EDGE6 }),
    changes: { mx1: [`${ADVERTISEMENTS} -j DROP`, 'ip -6 neigh flush dev bond0'] },
    expect: { cause: 'filtered', node: 'mx1', interface: 'bond0' },
  },
  {
    ...BASE,
    name: 'solicitations-dropped',
    description:
      "A rule of kw2 drops neighbour solicitations: kw1 asks for its next hop to the pod's network in vain.",
    ground: CLUSTER,
    changes: { kw2: [`${SOLICITATIONS} -j DROP`] },
    alsoFitting: ['unreachable'],
    expect: { cause: 'filtered', node: 'kw2', interface: 'enp3s0' },
  },
  {
    ...BASE,
    name: 'discovery-accepted-before',
    description: 'Their twin: rules before it accept both.',
    ground: CLUSTER,
    changes: {
      kw2: [
        `${SOLICITATIONS} -j ACCEPT`,
        `${ADVERTISEMENTS} -j ACCEPT`,
        'ip6tables -A INPUT -p icmpv6 -j DROP',
      ],
    },
    expect: null,
  },
];
