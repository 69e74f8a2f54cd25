/**
 * Which number of an interface is which name, in words of an interface's description: `interfaces 1=lo 2=eth0`. The
 * packets of a cooked capture of all interfaces bear numbers alone, and its node's own list need not be at hand.
 */

/** An option of a pcapng has room for 65,535 octets; a name that is cut short would be another's. */
const MOST_OCTETS = 60_000;

const LIST = /(?:^|; )interfaces( \d+=[^\s;]+)+(?=; |$)/;

/** What ends a name, or the list. */
const NOT_IN_LIST = /[\s;]/;

export interface NumberedInterface {
  ifindex: number;
  name: string;
}

/** Null where there is none to list. */
export function interfaceNumbersText(interfaces: readonly NumberedInterface[]): string | null {
  let text = 'interfaces';
  for (const { ifindex, name } of interfaces) {
    const entry = ` ${ifindex}=${name}`;
    if (Buffer.byteLength(text) + Buffer.byteLength(entry) > MOST_OCTETS) break;
    if (!NOT_IN_LIST.test(name)) text += entry;
  }
  return text === 'interfaces' ? null : text;
}

/** @returns the names by number; none where the description lists none */
export function parseInterfaceNumbers(description: string | null): Map<number, string> {
  const [list = ''] = LIST.exec(description ?? '') ?? [];
  const entries = list.matchAll(/ (\d+)=(\S+)/g);
  return new Map([...entries].map(([, ifindex, name]) => [Number(ifindex), name!]));
}

/** The description without its list. */
export function withoutInterfaceNumbers(description: string): string {
  return description.replace(LIST, '').replace(/^; /, '');
}
