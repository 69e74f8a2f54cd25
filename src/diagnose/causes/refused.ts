import { sightingsOf } from '../../correlate/attempt.js';
import { causalOrder } from '../../correlate/causal-order.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import { cause } from '../cause.js';
import type { NodeView } from '../context.js';
import { evidence, packetEvidence } from '../evidence.js';

const QUOTED = 3;

interface RefusedProof {
  /** The RST where it was seen first. */
  reset: Sighting;
  /** The capture point shows that the node itself, or a pod of its own, sent it. */
  fromBackend: boolean;
}

/**
 * The backend's host answered the SYN with a RST: nothing listens on the port. The packets tell it alone where
 * the RST was seen as it came from the backend; farther on, a firewall's `reject with tcp reset` looks the same.
 */
export const refused = cause<RefusedProof>({
  id: 'refused',

  examine(attempt, context) {
    if (attempt.outcome !== 'refused') return null;
    const resets = sightingsOf(attempt, 'rst').filter((s) => !s.fromClient);
    const reset = causalOrder(resets, context.aligned)[0]!;
    const node = context.node(reset.point.node);
    const fromBackend = isSender(reset, node);
    return {
      attempt,
      confidence: fromBackend ? 'confirmed' : 'possible',
      node: reset.point.node,
      interface: null,
      aspect: endpointLabel(reset.source),
      proof: { reset, fromBackend },
    };
  },

  conclude(suspicions) {
    const { reset, fromBackend } = suspicions[0]!.proof;
    const backend = endpointLabel(reset.source);
    const { node } = reset.point;
    const confirmed = suspicions.some((s) => s.proof.fromBackend);
    const shown = suspicions.slice(0, QUOTED).map((s) => packetEvidence(s.proof.reset));
    if (suspicions.length > QUOTED) {
      shown.push(evidence('packet', `${suspicions.length} attempts were answered so`, { node }));
    }
    return {
      finding: {
        cause: 'refused',
        confidence: confirmed ? 'confirmed' : 'possible',
        severity: 'fault',
        vip: suspicions[0]!.attempt.vip,
        node,
        interface: null,
        claimants: [],
        attempts: suspicions.map((s) => s.attempt.id),
        summary: fromBackend
          ? `${backend} on ${node} refuses connections: it answers each SYN with a RST, as a host does on whose port nothing listens.`
          : `A RST answers the SYNs to ${backend}; it was first seen on ${node}, which is not where ${backend} is.`,
        evidence: shown,
        fix: null,
        alternatives: fromBackend
          ? [
              {
                cause: 'filtered',
                why: `the RST came from the backend itself, before any hop had passed it on`,
              },
            ]
          : [],
      },
      gaps: confirmed
        ? []
        : [
            {
              node: null,
              interface: null,
              why: `a firewall that rejects with a TCP reset looks like a closed port from ${node}; the backend's own node tells them apart`,
              capture: `tcpdump -i any -n -w backend.pcap 'host ${reset.source.address} and tcp port ${reset.source.port}'`,
            },
          ],
    };
  },
});

/** Whether no router lies between the sender and the place: on its own link, or out of the node's own stack. */
function isSender(reset: Sighting, node: NodeView | null): boolean {
  const { model } = node ?? {};
  if (!model || reset.encapsulations.length > 0) return false;
  if (model.hasAddress(reset.source.address)) return true;
  const verdict = model.output({ source: null, destination: reset.source.address });
  return (
    reset.direction === 'in' &&
    verdict.verdict === 'output' &&
    verdict.via === null &&
    isWithin(verdict.dev, reset.point.interface, node!)
  );
}

/** A bridge and its ports are one place. */
function isWithin(device: string | null, seenOn: string | null, node: NodeView): boolean {
  if (device === seenOn) return true;
  return node.snapshot?.links?.some((l) => l.name === seenOn && l.master === device) ?? false;
}
