/** The handshake is made, and what the client sends next is answered with a reset by a host that knows of no connection. */
import { cluster, clusterOptions } from '../grounds/cluster.js';
import { FLANNEL, KUBE_ROUTER } from '../grounds/layouts.js';
import type { Scenario } from '../scenario.js';
import { BASE, FORM, TCP } from './base.js';
import { SERVER, SOURCE_ROUTED } from './gateways.js';

const WITH_RESET = '-j REJECT --reject-with tcp-reset';
const AFTER_SYN = '-p tcp --tcp-flags SYN,ACK ACK';
const INVALID_RESET = `iptables -A FORWARD -p tcp -m conntrack --ctstate INVALID ${WITH_RESET}`;

const RESET = { ...BASE, fails: 'reset', alsoFitting: ['established'] } as const;

/** A rule does it. */
const RULES: Scenario[] = [
  {
    ...RESET,
    name: 'stateful-gateway-reset',
    description:
      'Replies go round the gateway that carried the requests, which resets what is out of state: clients are connected, ' +
      'and reset with their first ACK.',
    ground: SERVER,
    changes: { gw2: [INVALID_RESET] },
    recorded: ['lb-3', 'gw2'],
    expect: { cause: 'stateful-gateway', node: 'lb-3', interface: 'ens18' },
  },
  {
    ...BASE,
    name: 'stateful-gateway-reset-source-routed',
    description: 'Its twin: what the VIP sends leaves by the gateway that carried the requests.',
    ground: SERVER,
    changes: { 'lb-3': SOURCE_ROUTED, gw2: [INVALID_RESET] },
    recorded: ['lb-3', 'gw2'],
    expect: null,
  },
  {
    ...RESET,
    name: 'filtered-acknowledgements-reset',
    description: 'The gateway of both ways resets what bears an ACK, by a rule that asks for no state.',
    ground: SERVER,
    changes: { 'lb-3': SOURCE_ROUTED, gw2: [`iptables -A FORWARD ${AFTER_SYN} ${WITH_RESET}`] },
    recorded: ['lb-3', 'gw2'],
    expect: { cause: 'filtered', node: 'gw2', interface: 'wan' },
  },
];

/** Between their handshakes and their requests something happens. */
const PAUSING = { ...TCP, connections: 6, staggerMs: 20, pauseMs: 1500 };

const FORGETTING: Pick<Scenario, 'traffic' | 'meanwhile'> = {
  traffic: PAUSING,
  meanwhile: async (ground) => {
    await ground.sleep(900);
    await ground.shell('node1', ['conntrack -F']);
  },
};

/** Whose connection it was, it is no more. */
const FORGOTTEN: Scenario[] = [
  {
    ...RESET,
    ...FORGETTING,
    name: 'undetermined-forgotten',
    description:
      'node1 forgets all connections between the handshakes and the requests, and translates these anew: no backend knows ' +
      'of them, whichever gets them.',
    ground: cluster({ ...clusterOptions(FLANNEL), backends: ['pod1', 'pod2'] }),
    changesHands: true,
    expect: { cause: 'undetermined', node: 'node1', interface: 'eth0' },
  },
  {
    ...BASE,
    ...FORGETTING,
    name: 'forgotten-translated-alike',
    description:
      'Its twin with one backend, on node1, and no masquerade: what is translated anew is translated as before.',
    ground: cluster({ ...clusterOptions(FLANNEL), backends: ['pod1'], masquerade: false }),
    expect: null,
  },
  {
    ...RESET,
    name: 'undetermined-handed-over',
    description:
      'The VIP goes from node1 to node2, where the backend is, between the handshakes and the requests: node2 never had the ' +
      'connections, and forgot none.',
    ground: cluster(clusterOptions(FLANNEL)),
    traffic: PAUSING,
    meanwhile: async (ground, site) => {
      await ground.sleep(900);
      await site.silence('node1');
      await site.speak('node2');
    },
    changesHands: true,
    expect: { cause: 'undetermined', node: 'node2', interface: 'eth0' },
  },
  {
    ...RESET,
    name: 'backend-silent-full-queue-reset',
    description:
      "The program in the pod never accepts, and its queue is full when the clients' ACKs come: the pod's kernel resets " +
      'them, as net.ipv4.tcp_abort_on_overflow has it.',
    ground: cluster({ ...clusterOptions(KUBE_ROUTER), listening: { idle: { halfOpen: TCP.connections } } }),
    namespaces: { 'fra-02': ['store-1'] },
    changes: {
      'store-1': ['sysctl -qw net.ipv4.tcp_abort_on_overflow=1'],
      client: [`iptables -A OUTPUT ${AFTER_SYN} -j DROP`],
    },
    meanwhile: async (ground) => {
      await ground.sleep(700);
      await ground.shell('client', [`iptables -D OUTPUT ${AFTER_SYN} -j DROP`]);
    },
    // Without lo, by which the program's queue is filled.
    form: { ...FORM, captures: 'per-interface' },
    expect: { cause: 'backend-silent', node: 'fra-02', interface: 'eth0' },
  },
];

export const RESETS: Scenario[] = [...RULES, ...FORGOTTEN];
