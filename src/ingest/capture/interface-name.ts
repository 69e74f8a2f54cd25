/** Where an interface of a capture of several nodes is. */
export interface InterfacePlace {
  node: string;
  /** Another network namespace of the node; null for its own. */
  netns: string | null;
  /** Null where it is not known. */
  interface: string | null;
}

const UNKNOWN = '?';

/** `NODE:INTERFACE` or `NODE/NETNS:INTERFACE`: what `if_name` is where captures of several nodes are one file. */
const PLACE = /^([^\s:/\\]+)(?:\/([^\s:\\]+))?:([^\s:/\\]+)$/;

/** Schemes of libpcap, and aliases of addresses (`eth0:1`), which look alike. */
const OTHER = /^(rpcap|rpcaps|nflog|nfqueue|netmap|vale\d*|dpdk|tc|usb|bluetooth|snf|dag|file):|:\d+$/;

/** @returns null where the name is that of an interface alone */
export function parseInterfaceName(name: string | null): InterfacePlace | null {
  const match = name === null || OTHER.test(name) ? null : PLACE.exec(name);
  if (!match) return null;
  const [, node, netns = null, device] = match;
  return { node: node!, netns, interface: device === UNKNOWN ? null : device! };
}

/** Other characters stand between a node, its namespaces and its interfaces. */
const NOT_IN_NAMES = /[\s:/\\]/g;

/** The name that `parseInterfaceName` reads; what has no place in it becomes `_`. */
export function interfaceNameOf({ node, netns, interface: name }: InterfacePlace): string {
  const plain = (text: string) => text.replace(NOT_IN_NAMES, '_');
  return `${plain(node)}${netns === null ? '' : `/${plain(netns)}`}:${name === null ? UNKNOWN : plain(name)}`;
}
