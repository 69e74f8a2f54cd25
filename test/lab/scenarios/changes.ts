/** Faults that come and go while the client runs, or that depend on what went before: no snapshot shows them. */
import { NODE2 } from '../addresses.js';
import type { Ground } from '../ground.js';
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { FLANNEL } from '../grounds/layouts.js';
import type { Scenario } from '../scenario.js';
import { BASE, FORM, TCP } from './base.js';
import { SERVER } from './gateways.js';

const FLANNEL_CLUSTER = cluster(clusterOptions(FLANNEL));

/** Clients that give up soon, so that none of those that lost a packet is made late. */
const IMPATIENT = { ...TCP, connections: 11, staggerMs: 400, timeoutMs: 900 };

/** What a machine does for a good second. */
function forAWhile(machine: string, begin: string, end: string): (ground: Ground) => Promise<void> {
  return async (ground) => {
    await ground.sleep(1100);
    await ground.shell(machine, [begin]);
    await ground.sleep(1200);
    await ground.shell(machine, [end]);
  };
}

const TO_POD = `-d ${NODE2.podAddress}/32 -p tcp -m tcp --dport ${FLANNEL.podPort}`;
const RESET = `${TO_POD} -j REJECT --reject-with tcp-reset`;

const FORWARD_TABLE = [
  'nft add table inet guard',
  "nft add chain inet guard forward '{ type filter hook forward priority filter; policy accept; }'",
];

export const CHANGES: Scenario[] = [
  {
    ...BASE,
    name: 'changed-filter',
    description:
      'A rule in FORWARD on node2 drops for a good second, and is gone: the snapshot has no fault.',
    ground: FLANNEL_CLUSTER,
    traffic: IMPATIENT,
    meanwhile: forAWhile(
      'node2',
      `iptables -A FORWARD ${TO_POD} -j DROP`,
      `iptables -D FORWARD ${TO_POD} -j DROP`,
    ),
    expect: { cause: 'undetermined', node: 'node2', interface: 'flannel.1' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'changed-reset',
    description:
      'A rule in FORWARD on node2 rejects by reset for a good second, and is gone: it is not the server that refuses.',
    ground: FLANNEL_CLUSTER,
    traffic: IMPATIENT,
    meanwhile: forAWhile('node2', `iptables -A FORWARD ${RESET}`, `iptables -D FORWARD ${RESET}`),
    fails: 'refused',
    expect: { cause: 'undetermined', node: 'node2', interface: 'flannel.1' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'changed-gateway',
    description:
      'The default gateway drops replies for a good second: later ones reach clients that have given up, and reset them.',
    ground: SERVER,
    traffic: IMPATIENT,
    meanwhile: forAWhile(
      'gw1',
      'iptables -A FORWARD -p tcp -m tcp --sport 8443 -j DROP',
      'iptables -F FORWARD',
    ),
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'undetermined', node: 'lb-3', interface: 'ens19' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'changed-entry',
    description:
      "node2's entry for the backend has a MAC that nobody has for a good second, and is right again: the frames alone tell.",
    ground: FLANNEL_CLUSTER,
    traffic: IMPATIENT,
    meanwhile: forAWhile(
      'node2',
      `ip neigh replace ${NODE2.podAddress} lladdr 02:00:0a:f4:01:63 dev cni0 nud permanent`,
      `ip neigh del ${NODE2.podAddress} dev cni0`,
    ),
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'undetermined', node: 'node2', interface: 'cni0' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'filtered-ban-over',
    description:
      'node1 drops what is from the addresses of an nft set whose elements go by themselves; the client is in it for a good second.',
    ground: FLANNEL_CLUSTER,
    changes: {
      node1: [
        ...FORWARD_TABLE,
        "nft add set inet guard banned '{ type ipv4_addr; flags timeout; }'",
        'nft add rule inet guard forward ip saddr @banned counter drop',
      ],
    },
    traffic: IMPATIENT,
    meanwhile: async (ground) => {
      await ground.sleep(1100);
      await ground.shell('node1', [
        `nft add element inet guard banned '{ ${FLANNEL.client} timeout 1200ms }'`,
      ]);
    },
    expect: { cause: 'filtered', node: 'node1', interface: 'eth0' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'rate-of-accepted',
    description:
      'node2 accepts few new connections a minute and drops the rest: how many there were is in no snapshot, and its settings were not changed.',
    ground: FLANNEL_CLUSTER,
    changes: {
      node2: [
        'iptables -A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT',
        `iptables -A FORWARD ${TO_POD} --syn -m limit --limit 2/min --limit-burst 3 -j ACCEPT`,
        `iptables -A FORWARD ${TO_POD} -j DROP`,
      ],
    },
    traffic: { ...TCP, connections: 6 },
    expect: { cause: 'undetermined', node: 'node2', interface: 'flannel.1' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'connections-counted',
    description:
      'node2 drops new connections while it knows of more than three: those that come at once fail.',
    ground: FLANNEL_CLUSTER,
    changes: {
      node2: [
        ...FORWARD_TABLE,
        `nft add rule inet guard forward ip daddr ${NODE2.podAddress} tcp dport ${FLANNEL.podPort} ct state new ct count over 3 counter drop`,
      ],
    },
    traffic: { ...TCP, connections: 6, staggerMs: 50, pauseMs: 2600, timeoutMs: 2900 },
    expect: { cause: 'filtered', node: 'node2', interface: 'flannel.1' },
    intermittent: true,
  },
  {
    ...BASE,
    name: 'connections-counted-reset',
    description: 'The same, answered with a RST in the place of the backend.',
    ground: FLANNEL_CLUSTER,
    changes: {
      node2: [
        ...FORWARD_TABLE,
        `nft add rule inet guard forward ip daddr ${NODE2.podAddress} tcp dport ${FLANNEL.podPort} ct state new ct count over 3 counter reject with tcp reset`,
      ],
    },
    traffic: { ...TCP, connections: 6, staggerMs: 50, pauseMs: 2600, timeoutMs: 2900 },
    expect: { cause: 'filtered', node: 'node2', interface: 'flannel.1' },
    intermittent: true,
    fails: 'refused',
  },
];
