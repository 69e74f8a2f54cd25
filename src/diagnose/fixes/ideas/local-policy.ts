/**
 * Requests that stay on the node that takes them, so that nothing has to find its way back to another: as Kubernetes
 * does it under externalTrafficPolicy: Local. kube-proxy writes its rules for it then; here they are tried as a
 * connection that is translated already, on the backend's own node.
 */
import { readServices } from '../../../ingest/kube/services.js';
import type { Connection } from '../../../kernel/netfilter/packet.js';
import { toAddress } from '../../../kernel/prefix.js';
import { follow, questionOf } from '../../../network/journey.js';
import { isOnLink, outerInterfaces } from '../../../network/link.js';
import { wayText } from '../../../network/narrate.js';
import type { Network } from '../../../network/network.js';
import type { Station } from '../../../network/station.js';
import type { Risk } from '../../prediction/risk.js';
import { COST, type FixIdea, type Problem } from '../idea.js';

export function localPolicy({ network, risks, whole }: Problem): FixIdea[] {
  const name = serviceOf(network, risks[0]!);
  if (name === null || !whole) return [];
  const ways = risks.map((risk) => onTheBackendsNode(network, risk));
  if (ways.some((way) => way === null)) return [];
  const { address } = risks[0]!.trip.server;
  const [namespace = '', service = ''] = name.split('/');
  return [
    {
      summary: `Set externalTrafficPolicy of the Service ${name} to Local: requests then stay on the node that announces ${address}, and backends see the client's address.`,
      steps: [],
      manifests: [
        `apiVersion: v1\nkind: Service\nmetadata:\n  name: ${service}\n  namespace: ${namespace}\nspec:\n  externalTrafficPolicy: Local\n`,
      ],
      risk: `Only a node with a ready pod may announce ${address} then (MetalLB and kube-proxy see to it), and with none ready nobody answers. Connections are spread over nodes, not over pods.`,
      cost: COST.change + COST.policy,
      tried: [...new Set(ways)].join('. '),
    },
  ];
}

/** The Service that has the address, where its policy is the other one; null where no object tells. */
function serviceOf({ stations }: Network, { trip: { server } }: Risk): string | null {
  const services = stations.flatMap(({ snapshot }) => readServices(snapshot.kube));
  const found = services.find(
    ({ vips, ports }) => vips.includes(server.address) && ports.some(({ port }) => port === server.port),
  );
  return found?.externalTrafficPolicy === 'Cluster' ? found.name : null;
}

/** How the connection goes if the backend's node takes it in; null where that is lost too, or nothing tells. */
function onTheBackendsNode(network: Network, { trip }: Risk): string | null {
  const { packet } = trip.request;
  const station = network.stations.find((s) => s.netns === null && hasPod(s, packet.destination.text));
  if (!station || station === trip.entry.station) return null;
  const door = outerInterfaces(station).find((name) => isOnLink(station, name, trip.server.address));
  if (door === undefined) return null;
  const question = {
    ...questionOf(packet),
    source: trip.client.address,
    sourcePort: trip.client.port,
    destination: trip.server.address,
    destinationPort: trip.server.port,
  };
  const [request, ...others] = follow(
    network,
    { station, interface: door },
    question,
    new Map([[station.label, [translated(trip)]]]),
  );
  if (!request || others.length > 0 || request.end.kind !== 'left') return null;
  const { source, destination, sourcePort, destinationPort, ...rest } = questionOf(request.packet);
  const answer = {
    ...rest,
    source: destination,
    destination: source,
    sourcePort: destinationPort,
    destinationPort: sourcePort,
    tcp: rest.tcp === null ? null : ('syn-ack' as const),
  };
  const replies = follow(network, { station, interface: request.end.hop.dev }, answer, request.connections);
  const [reply] = replies;
  const back = replies.every(
    ({ end, packet: last }) => end.kind === 'left' && last.source.text === trip.server.address,
  );
  return reply && back ? `taken in ${wayText(request)}; the reply goes ${wayText(reply)}` : null;
}

/** Whether the address is right behind a device of the node's that leads to its pods. */
function hasPod(station: Station, address: string): boolean {
  const { verdict, via, dev, lookup } = station.model.output({ source: null, destination: address });
  if (verdict !== 'output' || via !== null || dev === null || (lookup?.prefixLength ?? 0) === 0) return false;
  return !outerInterfaces(station).includes(dev);
}

/** The connection as kube-proxy's rules would have it from its first packet on. */
function translated({ client, server, request: { packet } }: Risk['trip']): Connection {
  const { family, protocol, destination, destinationPort } = packet;
  const from = { source: toAddress(client.address), sourcePort: client.port };
  return {
    family,
    protocol,
    original: { ...from, destination: toAddress(server.address), destinationPort: server.port },
    reply: {
      source: destination,
      sourcePort: destinationPort,
      destination: from.source,
      destinationPort: client.port,
    },
    state: 'new',
    mark: 0,
    zone: 0,
    destinationNat: true,
    sourceNat: false,
  };
}
