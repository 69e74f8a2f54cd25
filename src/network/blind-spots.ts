import { tableName } from '../kernel/table-name.js';
import type { Link, Snapshot } from '../model/snapshot.js';

/** What else may decide on a node's packets, by what it leaves behind, and no snapshot file tells. */
const SIGNS: readonly { isThere: (snapshot: Snapshot) => boolean; what: string }[] = [
  {
    isThere: withLink(({ name }) => name === 'cilium_host'),
    what: 'the eBPF programs of Cilium (cilium_host) route and translate packets',
  },
  {
    isThere: withLink(({ name }) => /^bpfin\.cali$|^bpfnatin$|^bpfnatout$/.test(name)),
    what: 'the eBPF programs of Calico translate packets',
  },
  {
    isThere: withLink(isOpenVswitch),
    what: 'the flow tables of Open vSwitch (ovs-system) pass packets on',
  },
  {
    isThere: (snapshot) => withLink(isIpsecDevice)(snapshot) || hasIpsecRoutes(snapshot),
    what: 'policies of IPsec (`ip xfrm policy`) encrypt packets, and drop those that came unencrypted',
  },
];

/** A datapath of Open vSwitch: its flow table decides what becomes of a frame. */
export function isOpenVswitch({ name, kind }: Link): boolean {
  return name === 'ovs-system' || kind === 'openvswitch';
}

function withLink(is: (link: Link) => boolean): (snapshot: Snapshot) => boolean {
  return ({ links }) => links?.some(is) ?? false;
}

/** `ip_vti0` and `ip6_vti0` come with their modules, and carry nothing. */
function isIpsecDevice({ name, kind, flags }: Link): boolean {
  return ['xfrm', 'vti', 'vti6'].includes(kind ?? '') && !/^ip6?_vti0$/.test(name) && flags.includes('UP');
}

/** strongSwan's own table, by its default (charon.routing_table), has a route for each policy that is installed. */
const CHARON_TABLE = '220';

function hasIpsecRoutes({ rules4, rules6, routes4, routes6 }: Snapshot): boolean {
  return [
    { rules: rules4, routes: routes4 },
    { rules: rules6, routes: routes6 },
  ].some(
    ({ rules, routes }) =>
      rules?.some(({ priority, table }) => priority === 220 && table === CHARON_TABLE) &&
      routes?.some(({ table }) => tableName(table) === CHARON_TABLE),
  );
}

/** A line for each: taken as if it did nothing. */
export function blindSpots(snapshot: Snapshot): string[] {
  return SIGNS.filter(({ isThere }) => isThere(snapshot)).map(
    ({ what }) => `${what}, which is not modelled: taken to leave them alone`,
  );
}
