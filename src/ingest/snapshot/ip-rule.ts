import { canonicalAddress, type Family, familyOf } from '../../model/address.js';
import { InputError } from '../../model/errors.js';
import type { Rule } from '../../model/snapshot.js';
import { trafficClass } from './dsfield.js';
import { type Entry, isPrefixLength, numberField, textField } from './json.js';
import { nameOf } from './numeric.js';
import { readEntries } from './text/entries.js';
import { rulesOfText } from './text/rules.js';

/** Keys that are read below, and those that change no decision. What is neither is passed on as unknown. */
const KNOWN = new Set(
  `priority not src srclen dst dstlen iif iif_detached oif oif_detached fwmark fwmask tos ipproto sport
  sport_start sport_end dport dport_start dport_end uid_start uid_end action table goto nop unresolved
  suppress_prefixlen suppress_ifgroup protocol realms flow_from flow_to`.split(/\s+/),
);

/** Printed from iproute2 6.15 on, also where every bit counts. */
const PORT_MASKS = new Set(['sport_mask', 'dport_mask']);
const ALL_OF_PORT = 0xffff;

/** Reads `ip -j -4 rule show` or `-6`, or the same without `-j`. @throws InputError */
export function readRules(text: string, file: string, family: Family): Rule[] {
  return readEntries(text, file, rulesOfText).map((entry) => readRule(entry, family));
}

function readRule(entry: Entry, family: Family): Rule {
  const has = (key: string) => entry.fields[key] !== undefined;
  const priority = numberField(entry, 'priority');
  const tos = textField(entry, 'tos');
  const table = textField(entry, 'table');
  const uidStart = numberField(entry, 'uid_start');
  return {
    family,
    // Not printed for the rule of priority 0 by some releases.
    priority: priority ?? 0,
    not: has('not'),
    from: readSelector(entry, 'src', family),
    to: readSelector(entry, 'dst', family),
    iif: textField(entry, 'iif'),
    oif: textField(entry, 'oif'),
    fwmark: numberField(entry, 'fwmark'),
    fwmask: numberField(entry, 'fwmask'),
    tos: tos === null ? null : trafficClass(tos, entry),
    ipProtocol: textField(entry, 'ipproto'),
    sourcePorts: readPorts(entry, 'sport'),
    destinationPorts: readPorts(entry, 'dport'),
    uidRange: uidStart === null ? null : [uidStart, numberField(entry, 'uid_end') ?? uidStart],
    action: has('goto')
      ? 'goto'
      : has('nop')
        ? 'nop'
        : nameOf('type', textField(entry, 'action') ?? 'lookup'),
    table: table && nameOf('table', table),
    gotoPriority: numberField(entry, 'goto'),
    suppressPrefixLength: numberField(entry, 'suppress_prefixlen'),
    suppressInterfaceGroup: textField(entry, 'suppress_ifgroup'),
    unknown: Object.entries(entry.fields)
      .filter(([key, value]) => !KNOWN.has(key) && !(PORT_MASKS.has(key) && Number(value) === ALL_OF_PORT))
      .map(([key, value]) => (value === null ? key : `${key} ${JSON.stringify(value)}`)),
  };
}

function readSelector(entry: Entry, key: string, family: Family): string | null {
  const text = textField(entry, key);
  if (text === null || text === 'all') return null;
  const [address = '', inline] = text.split('/');
  if (familyOf(address) !== family) {
    throw new InputError(entry.file, null, `${entry.place}: "${key}" is no IPv${family} address: ${text}`);
  }
  const bits = family === 4 ? 32 : 128;
  const length = numberField(entry, `${key}len`) ?? inline ?? bits;
  if (!isPrefixLength(length, bits)) {
    throw new InputError(
      entry.file,
      null,
      `${entry.place}: "${key}" has no prefix length of IPv${family}: ${length}`,
    );
  }
  return `${canonicalAddress(address)}/${length}`;
}

function readPorts(entry: Entry, key: string): [number, number] | null {
  const one = numberField(entry, key);
  if (one !== null) return [one, one];
  const start = numberField(entry, `${key}_start`);
  return start === null ? null : [start, numberField(entry, `${key}_end`) ?? start];
}
