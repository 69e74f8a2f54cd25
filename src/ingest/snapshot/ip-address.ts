import { canonicalAddress } from '../../model/address.js';
import type { InterfaceAddress } from '../../model/snapshot.js';
import { type Entry, nestedEntries, numberField, requiredText, textField } from './json.js';
import { readEntries } from './text/entries.js';
import { linksOfText } from './text/links.js';

/** Address flags, which `ip -j addr` prints as keys of their own rather than as a list. */
const FLAGS = [
  'secondary',
  'temporary',
  'tentative',
  'dadfailed',
  'deprecated',
  'home',
  'nodad',
  'optimistic',
  'noprefixroute',
  'mngtmpaddr',
  'dynamic',
  'autojoin',
];

/** Reads `ip -j addr show`, or the same without `-j`. @throws InputError */
export function readAddresses(text: string, file: string): InterfaceAddress[] {
  return readEntries(text, file, linksOfText).flatMap((link) =>
    nestedEntries(link, 'addr_info')
      .filter((info) => textField(info, 'local') !== null)
      // With `-o`, the address alone names the device.
      .map((info) => readAddress(info, textField(info, 'dev') ?? requiredText(link, 'ifname'))),
  );
}

function readAddress(info: Entry, name: string): InterfaceAddress {
  const address = requiredText(info, 'local');
  const peer = textField(info, 'address');
  const broadcast = textField(info, 'broadcast');
  const protocol = textField(info, 'protocol');
  return {
    interface: name,
    address: canonicalAddress(address) ?? address,
    prefixLength: numberField(info, 'prefixlen') ?? (address.includes(':') ? 128 : 32),
    peer: peer === null ? null : canonicalAddress(peer),
    broadcast: broadcast === null ? null : canonicalAddress(broadcast),
    scope: textField(info, 'scope') ?? 'global',
    flags: FLAGS.filter((flag) => info.fields[flag] === true),
    ...(protocol === null ? {} : { protocol }),
  };
}
