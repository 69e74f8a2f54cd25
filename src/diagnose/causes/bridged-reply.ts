/** Replies that a bridge passes on from port to port, so that they never come to the rules which would translate them back. */
import type { Attempt } from '../../correlate/attempt.js';
import type { Fix } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { lastingCommands } from '../fixes/lasting/commands.js';

export interface Bridged {
  node: NodeView;
  bridge: string;
  /** The switch that has bridged packets go through the rules of IP (br_netfilter). */
  key: string;
}

/**
 * The request came to IP, for it was sent to the bridge's own MAC; the reply is for a neighbour on the same bridge. It is
 * translated back only where br_netfilter hands what is bridged to the hooks of IP, as Kubernetes asks of its nodes.
 *
 * @param translator the node that translated the request
 */
export function bridgedReply(
  attempt: Attempt,
  { point, direction, source }: Sighting,
  translator: string | null,
  context: DiagnosisContext,
): Bridged | null {
  const node = context.node(point.node, point.netns);
  if (!node?.model || !node.snapshot?.sysctl || point.netns !== null) return null;
  if (translator !== point.node || direction !== 'out' || point.interface === null) return null;
  const { model } = node;
  const bridgeOf = (name: string | null) => (name === null ? null : (model.link(name)?.master ?? null));
  const bridge = bridgeOf(point.interface);
  if (bridge === null || model.link(bridge)?.kind !== 'bridge') return null;
  const replies = attempt.traces.flatMap(({ role, sightings }) => (role === 'reply' ? sightings : []));
  const here = replies.filter((s) => s.point.node === point.node && s.point.netns === null);
  const cameIn = here.some(
    (s) =>
      s.direction === 'in' && s.point.interface !== point.interface && bridgeOf(s.point.interface) === bridge,
  );
  // What the bridge itself took in came to IP.
  if (!cameIn || here.some((s) => s.point.interface === bridge)) return null;
  const key = `net.bridge.bridge-nf-call-ip${source.address.includes(':') ? '6' : ''}tables`;
  return node.snapshot.sysctl.get(key) === '1' ? null : { node, bridge, key };
}

export function callingRules({ node, bridge, key }: Bridged, { network }: DiagnosisContext): Fix {
  const command = `sysctl -w ${key}=1`;
  const isLoaded = node.snapshot!.sysctl!.has(key);
  const step = { node: node.name, netns: null, command, apply: () => node.snapshot! };
  const load = isLoaded ? [] : [{ node: node.name, command: 'modprobe br_netfilter', persists: false }];
  const file = 'echo br_netfilter > /etc/modules-load.d/returnpath-br_netfilter.conf';
  return {
    summary: `Have what ${bridge} passes on between its ports go through the rules of ${node.name} (br_netfilter), which translate the replies back.`,
    commands: [
      ...load,
      { node: node.name, command, persists: false },
      // It can be set at boot only where the module is loaded by then.
      { node: node.name, command: file, persists: true },
      ...lastingCommands([step], network),
    ],
    manifests: [],
    risk: `Holds for every bridge of ${node.name}: its rules, FORWARD among them, then see what is bridged as well.`,
    expected: 'Not tried: what bridges do is in no model. Connections between pods on one bridge show it.',
  };
}
