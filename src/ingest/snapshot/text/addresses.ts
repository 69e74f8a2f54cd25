import { familyOf } from '../../../model/address.js';
import { type Line, notA } from './lines.js';
import { readValues, Words } from './words.js';

const VALUES = new Map([
  ['metric', 'metric'],
  ['brd', 'broadcast'],
  ['any', 'anycast'],
  ['mcast', 'multicast'],
  ['scope', 'scope'],
  ['proto', 'protocol'],
]);

/** What busybox prints of them is the bits alone: IFA_F_* of if_addr.h. */
const FLAG_BITS = new Map([
  ['secondary', 0x01],
  ['nodad', 0x02],
  ['optimistic', 0x04],
  ['dadfailed', 0x08],
  ['home', 0x10],
  ['deprecated', 0x20],
  ['tentative', 0x40],
  ['mngtmpaddr', 0x100],
  ['noprefixroute', 0x200],
  ['autojoin', 0x400],
]);

/**
 * `inet 10.0.0.1/24 brd 10.0.0.255 scope global eth0`, or `inet6 …`, as `ip -j addr` prints it.
 *
 * @throws InputError
 */
export function addressOfLine(line: Line, file: string): Record<string, unknown> {
  const words = new Words(line, file);
  const family = words.next();
  const fields: Record<string, unknown> = { family };
  readPrefix(words.next(), 'local', fields);
  if (familyOf(String(fields.local)) === null) throw notA('an address as `ip addr` prints it', line, file);
  // The label, which IPv4 addresses alone have, may be any word.
  if (family === 'inet') words.takeLast(VALUES);
  readValues(words, VALUES, fields, (word) => {
    if (word === 'peer') readPrefix(words.next(), 'address', fields);
    else if (word === 'flags') setFlags(Number.parseInt(words.next(), 16), fields);
    else fields[word] = true;
  });
  return fields;
}

function readPrefix(word: string, name: string, fields: Record<string, unknown>): void {
  const [address, length] = word.split('/');
  fields[name] = address;
  if (length !== undefined) fields.prefixlen = Number(length);
}

function setFlags(bits: number, fields: Record<string, unknown>): void {
  for (const [name, bit] of FLAG_BITS) if (bits & bit) fields[name] = true;
}
