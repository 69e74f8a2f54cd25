/**
 * What of kube-vip is among the objects: its pods' settings (environment variables), and the leases by which its
 * instances agree on who holds an address.
 */
import { canonicalAddress } from '../../model/address.js';
import { type Nanoseconds, parseTime } from '../../model/time.js';
import { type Fields, fields, list, qualifiedName, textOf } from './objects.js';

export interface KubeVipLease {
  holder: string;
  since: Nanoseconds | null;
  renewed: Nanoseconds | null;
}

export interface KubeVip {
  /** Whether it is there to announce Services, not the control plane's address alone; null where not known. */
  services: boolean | null;
  /** By BGP, or by a routing table, in place of ARP and NDP. */
  routed: boolean;
  /** Where it puts the addresses; null where it is not told. */
  interface: string | null;
  controlPlane: string[];
  /** By `NAMESPACE/NAME` of the lease. */
  leases: Map<string, KubeVipLease>;
}

/** Its own: of a Service, of all Services, of the control plane. */
const LEASE = /\/(?:kubevip-.+|plndr-svcs-lock|plndr-cp-lock)$/;

export function kubeVipOf(objects: readonly Fields[]): KubeVip {
  const settings = objects.flatMap(settingsOf);
  const is = (key: string) => settings.some((of) => of.get(key) === 'true');
  const texts = (key: string) => settings.flatMap((of) => of.get(key)?.split(',') ?? []);
  return {
    services: settings.length === 0 ? null : is('svc_enable'),
    routed: is('bgp_enable') || is('vip_routingtable'),
    interface: texts('vip_servicesinterface')[0] || texts('vip_interface')[0] || null,
    controlPlane: [
      ...new Set(
        [...texts('address'), ...texts('vip_address')].flatMap((text) => canonicalAddress(text) ?? []),
      ),
    ],
    leases: new Map(objects.flatMap(leaseOf)),
  };
}

/** Of its static pods or its DaemonSet: the environment of the container that runs its image. */
function settingsOf(object: Fields): ReadonlyMap<string, string>[] {
  const spec = fields(object.spec);
  const template = object.kind === 'DaemonSet' ? fields(fields(spec.template).spec) : spec;
  if (object.kind !== 'DaemonSet' && object.kind !== 'Pod') return [];
  return list(template.containers)
    .map(fields)
    .filter(({ image }) => /(^|\/)kube-vip(-iptables)?([:@]|$)/.test(textOf(image) ?? ''))
    .map(({ env }) => {
      const entries = list(env).map((item) => [fields(item).name, fields(item).value]);
      return new Map(
        entries.filter((entry): entry is [string, string] => entry.every((x) => typeof x === 'string')),
      );
    });
}

function leaseOf(object: Fields): [string, KubeVipLease][] {
  const name = qualifiedName(object);
  const { holderIdentity, acquireTime, renewTime } = fields(object.spec);
  if (object.kind !== 'Lease' || !LEASE.test(name) || typeof holderIdentity !== 'string') return [];
  if (holderIdentity === '') return [];
  return [[name, { holder: holderIdentity, since: timeOf(acquireTime), renewed: timeOf(renewTime) }]];
}

function timeOf(value: unknown): Nanoseconds | null {
  return typeof value === 'string' ? parseTime(value) : null;
}
