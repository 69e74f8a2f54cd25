import { canonicalAddress, parseMac } from '../../model/address.js';
import type { Neighbour } from '../../model/snapshot.js';
import { requiredText, textField, textsField } from './json.js';
import { readEntries } from './text/entries.js';
import { neighboursOfText } from './text/neighbours.js';

/** Reads `ip -j neigh show`, or the same without `-j`. @throws InputError */
export function readNeighbours(text: string, file: string): Neighbour[] {
  return readEntries(text, file, neighboursOfText)
    .filter((entry) => textField(entry, 'dev') !== null)
    .map((entry) => {
      const address = requiredText(entry, 'dst');
      const mac = textField(entry, 'lladdr')?.toLowerCase() ?? '';
      return {
        address: canonicalAddress(address) ?? address,
        interface: requiredText(entry, 'dev'),
        mac: parseMac(mac) ? mac : null,
        states: textsField(entry, 'state'),
        router: entry.fields.router !== undefined,
        proxy: entry.fields.proxy !== undefined,
      };
    });
}
