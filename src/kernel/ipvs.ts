/** IPVS, of which a snapshot tells the services and their real servers, but not whom it picks. */
import type { IpvsService, Snapshot } from '../model/snapshot.js';

/** The services of an address, of whatever port. Those of a firewall mark have none. */
export function ipvsServicesOf({ ipvs }: Snapshot, address: string): IpvsService[] {
  return (ipvs ?? []).filter((service) => service.address === address);
}

/** Real servers that packets are translated to; behind the other methods they keep their destination. */
export function ipvsTargets(services: readonly IpvsService[]): string[] {
  return services.flatMap(({ servers }) =>
    servers.filter(({ forward }) => forward === 'masq').map(({ address }) => address),
  );
}

interface Ends {
  address: string;
  protocol: string;
  port: number | null;
  mark: number;
}

/**
 * What is not known of a packet that reaches LOCAL_IN: IPVS takes it before any socket does (ip_vs_in_hook()).
 *
 * @param to a port of null may be any
 * @returns null where IPVS leaves it alone
 */
export function ipvsDoubt({ ipvs, addresses }: Snapshot, to: Ends): string | null {
  if (ipvs === null) {
    return isOnIpvs({ addresses }, to.address)
      ? `ipvsadm.txt is missing: where IPVS sends what is for ${KUBE_IPVS} is not known`
      : null;
  }
  const found = ipvs.find(({ address, protocol, port, mark }) =>
    mark !== null
      ? mark === to.mark
      : address === to.address &&
        protocol === to.protocol &&
        // Port 0 is every port, of a persistent service.
        (port === 0 || to.port === null || port === to.port),
  );
  if (!found) return null;
  const { servers, scheduler } = found;
  const who = servers.map(({ address, port, forward, weight }) => {
    const end = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    return `${end} (${forward}${weight === 0 ? ', no new connections' : ''})`;
  });
  const shown = who.length > SHOWN ? [...who.slice(0, SHOWN), `${who.length - SHOWN} more`] : who;
  const of = found.mark === null ? 'its destination' : `mark ${found.mark}`;
  const picks =
    servers.length === 0 ? 'has no server for it' : `sends it to one of ${shown.join(', ')} by ${scheduler}`;
  return `ipvsadm.txt: IPVS serves ${of} and ${picks}, which is not modelled: taken as delivered here`;
}

/** The device that kube-proxy binds the addresses of all Services to. */
export const KUBE_IPVS = 'kube-ipvs0';

/** Whether it is bound there, which tells nothing of who serves it. */
export function isOnIpvs({ addresses }: Pick<Snapshot, 'addresses'>, address: string): boolean {
  return addresses?.some((own) => own.interface === KUBE_IPVS && own.address === address) ?? false;
}

/** Beyond these servers are counted. */
const SHOWN = 4;
