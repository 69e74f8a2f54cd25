import { causalOrder } from '../../correlate/causal-order.js';
import { endpointLabel } from '../../model/endpoint.js';
import type { Sighting } from '../../model/sighting.js';
import type { Snapshot } from '../../model/snapshot.js';
import { cause } from '../cause.js';
import type { DiagnosisContext, NodeView } from '../context.js';
import { evidence, packetEvidence, QUOTED } from '../evidence.js';
import { listed } from '../words.js';

interface RefusedProof {
  /** The RST where it was seen first. */
  reset: Sighting;
  sender: Sender;
}

/**
 * The backend's host answered the SYN with a RST: nothing listens on the port. The packets tell it alone where
 * the RST was seen as it came from the backend; farther on, a firewall's `reject with tcp reset` looks the same.
 */
export const refused = cause<RefusedProof>({
  id: 'refused',

  examine(attempt, context) {
    if (attempt.outcome !== 'refused') return null;
    const resets = attempt.others.filter((s) => s.kind === 'rst' && !s.fromClient);
    const reset = causalOrder(resets, context.aligned)[0]!;
    const sender = senderOf(reset, context);
    return {
      attempt,
      confidence: sender.certain ? 'confirmed' : 'possible',
      node: sender.node,
      interface: null,
      aspect: attempt.vip === null ? '' : endpointLabel(reset.source),
      proof: { reset, sender },
    };
  },

  conclude(suspicions) {
    const { reset, sender } = suspicions[0]!.proof;
    const backend = listed(suspicions.map((s) => endpointLabel(s.proof.reset.source)));
    const { node } = reset.point;
    const confirmed = sender.certain;
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
        node: sender.node,
        interface: null,
        claimants: [],
        attempts: suspicions.map((s) => s.attempt.id),
        summary: confirmed
          ? `${backend} on ${node} refuses connections: each SYN is answered with a RST, as a host does on whose port nothing listens.`
          : `A RST answers the SYNs to ${backend}; it was first seen on ${node}, and ${sender.doubt}.`,
        evidence: shown,
        fix: null,
        alternatives: confirmed
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

interface Sender {
  /** The backend's node; null where it is not known. */
  node: string | null;
  /** The backend itself sent the RST, and nothing on the way can have. */
  certain: boolean;
  /** What speaks against it having done so; empty where it is certain. */
  doubt: string;
}

/** Who sent the RST, by the place where it was seen first. */
function senderOf(reset: Sighting, context: DiagnosisContext): Sender {
  const { address } = reset.source;
  const here = context.node(reset.point.node, reset.point.netns);
  const owner = context.ownerOfAddress(address)?.name ?? null;
  if (!here?.model || reset.encapsulations.length > 0) {
    return { node: owner, certain: false, doubt: 'what sent it there is not known' };
  }
  if (context.translations(address).size > 0) {
    return {
      node: null,
      certain: false,
      doubt: `${address} is translated to a backend that may have sent it`,
    };
  }
  if (here.model.hasAddress(address)) {
    const certain =
      here.snapshot !== null && rulesAreKnown(here.snapshot) && !rejectsWithReset(here.snapshot);
    const doubt = certain ? '' : 'a firewall rule of the node may have sent it in the place of the backend';
    return { node: here.name, certain, doubt };
  }
  if (isFromPod(reset, here)) return { node: here.name, certain: true, doubt: '' };
  if (owner === null && isBackendOnLink(reset, here, context)) {
    return {
      node: here.name,
      certain: false,
      doubt: `${address} may be a namespace of it or a host on its link`,
    };
  }
  return { node: owner, certain: false, doubt: `the host ${address} itself was not captured` };
}

function rulesAreKnown({ iptables, nft }: Snapshot): boolean {
  return iptables !== null || nft !== null;
}

function rejectsWithReset({ iptables, ip6tables, nft }: Snapshot): boolean {
  const texts = [iptables ?? '', ip6tables ?? '', JSON.stringify(nft) ?? ''];
  return texts.some((text) => /tcp-reset|"tcp reset"/.test(text));
}

/**
 * Came in from a namespace of the node's own, behind no firewall of the node: over a bridge of veths, or over a
 * veth without an address (as Calico makes them). A veth with an address may as well be a virtual machine's NIC.
 */
function isFromPod(reset: Sighting, { model, snapshot }: NodeView): boolean {
  if (reset.direction !== 'in' || !snapshot?.links) return false;
  const verdict = model!.output({ source: null, destination: reset.source.address });
  if (verdict.verdict !== 'output' || verdict.via !== null) return false;
  const link = snapshot.links.find((l) => l.name === reset.point.interface);
  const device = snapshot.links.find((l) => l.name === verdict.dev);
  if (!link || !device || (device !== link && device.name !== link.master)) return false;
  if (device.kind === 'veth') {
    return !model!.localAddresses.some((a) => a.interface === device.name && a.scope === 'global');
  }
  const ports = snapshot.links.filter((l) => l.master === device.name);
  return device.kind === 'bridge' && ports.length > 0 && ports.every((port) => port.kind === 'veth');
}

/** Came in over a veth behind which is no router, from an address that some node's rules name as a backend. */
function isBackendOnLink(reset: Sighting, { model, snapshot }: NodeView, context: DiagnosisContext): boolean {
  const link = snapshot?.links?.find((l) => l.name === reset.point.interface);
  if (link?.kind !== 'veth' || reset.direction !== 'in') return false;
  const { verdict, dev, via } = model!.output({ source: null, destination: reset.source.address });
  const uplink = (snapshot!.routes4 ?? []).some((route) =>
    route.nextHops.some((hop) => hop.interface === link.name && hop.gateway !== null),
  );
  const isBackend = [...context.nodes.values()].some((n) => context.translatesTo(n, reset.source.address));
  return verdict === 'output' && via === null && dev === link.name && !uplink && isBackend;
}
