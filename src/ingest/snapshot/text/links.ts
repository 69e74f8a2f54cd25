import { InputError } from '../../../model/errors.js';
import type { Entry } from '../json.js';
import { addressOfLine } from './addresses.js';
import { deviceNames } from './device-names.js';
import { entryOf, type Line, linesOf, notA } from './lines.js';
import { readValues, Words } from './words.js';

/** `2: eth0.5@eth0: <BROADCAST,UP> mtu 1500 …` */
const HEADER = /^(\d+): (\S+): <(\S*)>(.*)$/;
/** `2: eth0    inet 10.0.0.1/24 …`, as `ip -o addr` prints each address. */
const ONE_LINE = /^(\d+): (\S+)\s+(inet6? .*)$/;

const HEADER_VALUES = new Map([
  ['mtu', 'mtu'],
  ['qdisc', 'qdisc'],
  ['master', 'master'],
  ['state', 'operstate'],
  ['mode', 'linkmode'],
  ['group', 'group'],
]);

/** `ip addr` has the program's number behind it. */
const XDP = /^xdp(?:generic|offload|multi)?(?:\/id:\d+)?$/;

/** What is read of a kind's own words; the rest of them changes no decision. */
const KIND_VALUES = new Map([
  [
    'vxlan',
    new Map([
      ['id', 'id'],
      ['remote', 'remote'],
      ['group', 'group'],
      ['local', 'local'],
      ['dev', 'link'],
      ['dstport', 'port'],
    ]),
  ],
  ['vlan', new Map([['id', 'id']])],
  ['vrf', new Map([['table', 'table']])],
]);

/** What a line below `link/…` starts with where it tells no kind. */
const NO_KIND = /^(?:altname|vf|inet6?|valid_lft|addrgenmode|numtxqueues|promiscuity|.*_slave)$/;

interface Link {
  fields: Record<string, unknown>;
  /** As printed: a lower device's name may be behind an `@`. */
  name: string;
  line: Line;
  addresses: Record<string, unknown>[];
  /** What the header and the link's own lines name is of another namespace. */
  lowerIsElsewhere: boolean;
  /** Of what follows the alias, nothing tells a kind. */
  mayTellKind: boolean;
}

/** The text of `ip link show` or `ip addr show`, with any of `-d`, `-s` and `-o`, as `ip -j` prints the same. @throws InputError */
export function linksOfText(text: string, file: string): Entry[] {
  const links: Link[] = [];
  const entries: Entry[] = [];
  for (const line of linesOf(text)) {
    const header = HEADER.exec(line.text);
    const oneLine = ONE_LINE.exec(line.text);
    const link = links.at(-1);
    if (header) links.push(readHeader(header, line, file));
    else if (oneLine) entries.push(entryOf(readOneLine(oneLine, line, file), line, file));
    else if (link) readDetail(link, line, file);
    else if (entries.length === 0) throw notA('what `ip addr` or `ip link` prints', line, file);
  }
  if (links.length + entries.length === 0) throw new InputError(file, null, 'names no interface');
  const names = deviceNames(links);
  for (const [i, link] of links.entries()) {
    const { name, lower } = names[i]!;
    const fields = { ...link.fields, ifname: name, addr_info: link.addresses };
    entries.push(
      entryOf(lower === null || link.lowerIsElsewhere ? fields : { ...fields, link: lower }, link.line, file),
    );
  }
  return entries;
}

function readHeader([, index, name, flags, rest]: RegExpExecArray, line: Line, file: string): Link {
  const fields: Record<string, unknown> = {
    ifindex: Number(index),
    flags: flags!.split(',').filter((flag) => flag !== ''),
  };
  readValues(new Words({ ...line, text: rest! }, file), HEADER_VALUES, fields, (word) => {
    if (XDP.test(word)) fields.xdp = {};
  });
  const lowerIsElsewhere = /\slink-netns(id)?\s/.test(rest!);
  return { fields, name: name!, line, addresses: [], lowerIsElsewhere, mayTellKind: false };
}

/** `ip -o -j addr` names the device in the address alone, too. */
function readOneLine(
  [, index, device, address]: RegExpExecArray,
  line: Line,
  file: string,
): Record<string, unknown> {
  return {
    addr_info: [{ index: Number(index), dev: device, ...addressOfLine({ ...line, text: address! }, file) }],
  };
}

function readDetail(link: Link, line: Line, file: string): void {
  const words = new Words(line, file);
  const word = words.next();
  if (/^inet6?$/.test(word)) link.addresses.push(addressOfLine(line, file));
  else if (word.startsWith('link/')) {
    link.fields.link_type = word.slice('link/'.length);
    if (/[.:]/.test(words.peek() ?? '')) link.fields.address = words.next();
    link.lowerIsElsewhere ||= /\slink-netns(id)?\s/.test(line.text);
    link.mayTellKind = true;
  } else if (word === 'alias') link.mayTellKind = false;
  else if (link.mayTellKind && /^[a-z][\w-]*$/.test(word) && !NO_KIND.test(word)) {
    link.fields.linkinfo = { info_kind: word, info_data: readKind(word, words) };
    link.mayTellKind = false;
  }
}

function readKind(kind: string, words: Words): Record<string, unknown> {
  const data: Record<string, unknown> = {};
  const values = KIND_VALUES.get(kind);
  if (!values) return data;
  readValues(words, values, data, (word) => {
    if (word === 'external') data.external = true;
  });
  return data;
}
