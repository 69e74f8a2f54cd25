/** A node that says it has an address, and looks for it on the very link: what should serve it there does not. */
import type { NeighbourMessage } from '../../correlate/neighbours/message.js';
import type { Fix, Gap } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { isSameStation } from '../../model/station.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import { hasRules } from '../ways/gateway.js';
import { resolutionOf } from './evidence.js';

/** A node that is taken for the owner of an address, and is none. */
export interface OwnClaim {
  station: Station;
  device: string;
  address: string;
  /** The last in which it claimed the address; null where it is sent what is for a VIP, and no more is known. */
  message: NeighbourMessage | null;
}

/**
 * Whether a node that asks its link for an address is itself who claimed it there, or is sent what is for it as a VIP.
 *
 * @param request as it was seen last
 * @returns null where it is no more than a router to it
 */
export function ownClaim(
  station: Station,
  device: string,
  address: string,
  request: Sighting,
  { neighbours, vips }: DiagnosisContext,
): OwnClaim | null {
  const message = neighbours.findLast(
    ({ target, claimedMac }) =>
      target === address &&
      claimedMac !== null &&
      station.model.interfacesWithMac(claimedMac).includes(device),
  );
  const { direction, point, destination } = request;
  const isSent = direction === 'in' && isSameStation(point, station) && point.interface === device;
  const isVip = isSent && destination.address === address && vips.has(address);
  return message || isVip ? { station, device, address, message: message ?? null } : null;
}

/** As a clause. */
export function ownClaimText({ station: { label, snapshot }, address, message }: OwnClaim): string {
  const claims = message
    ? `answers ${resolutionOf(address)} for ${address} itself`
    : `is sent what is for ${address}`;
  const rules = hasRules(snapshot) ? 'no rule there translates it' : 'its rules are in no snapshot';
  return `${label} ${claims}, does not have it, and ${rules}: it looks for it on the same link`;
}

/** What is to be looked for: whoever announces an address takes no part in serving it. */
export function ownClaimFix({ station: { label }, address }: OwnClaim): Fix {
  return {
    summary: `Find out why ${label} is announced as the owner of ${address} and does not serve it: kube-proxy (or what is in its place) there does not run, is behind, or was told nothing of the Service; or the address is left over from a Service that is gone, and is to be announced no more.`,
    commands: [],
    manifests: [],
    risk: 'None: nothing is changed by looking.',
    expected: `Rules (or IPVS) on ${label} name ${address}, or nobody answers for it there.`,
  };
}

export function ownClaimGap({ station: { node, netns }, device, address }: OwnClaim): Gap {
  return {
    node,
    interface: netns === null ? device : null,
    why: `what should serve ${address} on ${node}: the rules of kube-proxy, an IPVS service, or an address; and what kube-proxy says of it`,
    capture: `iptables-save | grep -F ${address}; nft list ruleset | grep -F ${address}; ipvsadm -Ln; ip addr show to ${address}; kubectl get svc -A -o wide | grep -F ${address}; kubectl -n kube-system get pods -o wide | grep kube-proxy`,
  };
}
