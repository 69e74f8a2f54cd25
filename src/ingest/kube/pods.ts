import { addressesIn, type Fields, fields, list, qualifiedName, textOf } from './objects.js';

export interface KubePod {
  /** `NAMESPACE/NAME`. */
  name: string;
  node: string | null;
  /** None where it has its node's. */
  addresses: string[];
}

/** The pods that run, or are about to: the addresses of those that have ended may be others' by now. */
export function podsOf(objects: readonly Fields[]): KubePod[] {
  return objects
    .filter(
      ({ kind, status }) => kind === 'Pod' && !/^(Succeeded|Failed)$/.test(String(fields(status).phase)),
    )
    .map((object) => {
      const [spec, status] = [fields(object.spec), fields(object.status)];
      const given = [status.podIP, ...list(status.podIPs).map((entry) => fields(entry).ip)];
      return {
        name: qualifiedName(object),
        node: textOf(spec.nodeName),
        addresses: spec.hostNetwork === true ? [] : [...new Set(addressesIn(given))],
      };
    });
}

/** The nodes' own addresses, by node. */
export function nodeAddressesOf(objects: readonly Fields[]): Map<string, string[]> {
  return new Map(
    objects
      .filter((object) => object.kind === 'Node')
      .map((object) => {
        const given = list(fields(object.status).addresses).map((entry) => fields(entry).address);
        return [String(fields(object.metadata).name), addressesIn(given)];
      }),
  );
}
