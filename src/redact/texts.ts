import { formatMac, parseAddress } from '../model/address.js';
import type { Addresses } from './addresses.js';
import { isGeneric, type Names } from './names.js';
import { NO_OCTET, reverseName, withMacs } from './written-octets.js';

const OCTET = '[0-9a-f]{2}';
const PREFIX = '(?:/\\d{1,3})?';

/** Of a line of the kernel's log, up to the host: with a priority or without, in any form of the time. */
const STAMP =
  '(?:<\\d+>)?(?:1 )?(?:(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \\d]\\d \\d\\d:\\d\\d:\\d\\d(?: \\d{4})?|(?:[A-Z][a-z]{2} )?\\d{4}-\\d\\d-\\d\\d[T ][\\d:.,]+ ?(?:Z|[+-]\\d\\d:?\\d\\d|[A-Z]{3,4})?|\\d{9,}\\.\\d+)';
/** After these, in rules, stands what their author wrote. */
const WRITTEN =
  '--comment|--log-prefix|\\bcomment|\\blog prefix|--nflog-prefix|--(?:hex-)?string|--hashlimit-name|-m recent [^"\\n]{0,60}--name';
/** Top-level domains that no file and no setting ends with. */
const DOMAINS =
  'com|net|org|edu|gov|int|io|dev|app|cloud|local|localdomain|internal|intern|lan|corp|home|arpa|example|test|invalid|de|fr|nl|eu|ch|at|es|pl|se|fi|dk|be|cz|ru|cn|jp|kr|br|au|ca|us|uk|ai|biz|info|tech|xyz|systems|global|bank|svc';
const LABELS = '(?:\\.[a-z0-9_-]*[a-z][a-z0-9_-]*)*';

/**
 * What stands in texts and is told by its form, the first that fits; names that are known come after these.
 *
 * Of a link-layer header the kernel's log has 14 octets: two MACs and an EtherType; of a tunnel's it has addresses.
 */
const FORMS = {
  path: `(?<![\\w$])[\\w.@%+~/:-]*\\.(?:pcapng|pcap|cap|tgz|tar|txz|zip|log|json|txt)(?:\\.(?:gz|zst|xz))?(?![\\w/])`,
  header: `(?<![0-9a-z:])${OCTET}(?<between>[ :])${OCTET}(?:\\k<between>${OCTET}){12,}(?![0-9a-z:])`,
  rest: `(?<=ll header: [0-9a-f]{8}: )${OCTET}(?: ${OCTET})*(?![0-9a-z:])`,
  mac: `(?<![0-9a-z:])${OCTET}(?<gap>[:-])${OCTET}(?:\\k<gap>${OCTET}){4}(?![0-9a-z]|:[0-9a-f])`,
  dotted: `(?<![\\w.])[0-9a-f]{4}\\.[0-9a-f]{4}\\.[0-9a-f]{4}(?![\\w.]\\w)`,
  vendor: `(?<=vendor prefix )${OCTET}:${OCTET}:${OCTET}(?![0-9a-z:])`,
  comment: `(?<=(?:${WRITTEN}) )(?:"(?:[^"\\\\]|\\\\.)*"|(?<=--[a-z-]+ )[^\\s"]+)`,
  host: `(?<=^${STAMP} )\\S+(?= kernel(?:\\[\\d+\\])?[: ])`,
  dashed: `(?<!\\d|\\d-)(?<!\\w)(?:[a-z][a-z0-9]*-)*?\\d{1,3}(?:-\\d{1,3}){3}(?!-?\\d)${LABELS}`,
  reverse: `(?<![\\w.])(?:(?:\\d{1,3}\\.){1,4}in-addr|(?:[0-9a-f]\\.){1,32}ip6)\\.arpa(?![\\w-])`,
  six: `[0-9a-f]*:[0-9a-f:]*:[0-9a-f:.]*${PREFIX}`,
  four: `(?<!\\d)\\d{1,3}(?:\\.\\d{1,3}){3}(?!\\d)${PREFIX}`,
  mail: `(?<![\\w.+-])[\\w.+-]+@(?:[a-z0-9-]+\\.)+[a-z]{2,}(?![\\w-])`,
  domain: `(?<![\\w.-]|(?<!/)/)(?:[a-z0-9_-]+\\.)+(?:${DOMAINS})(?![\\w-])`,
} as const;

/** These are of projects that everybody has. */
const KNOWN_DOMAINS =
  /(?:^|\.)(?:kubernetes\.io|k8s\.io|metallb\.io|metallb\.universe\.tf|projectcalico\.org|cilium\.io)$/;
/** Of a cloud's names for addresses; of others the domain is somebody's. */
const KNOWN_ADDRESS = /^ip-([\d-]+)((?:\.[a-z]+-[a-z]+-\d)?(?:\.ec2\.internal|\.compute\.internal)?)$/i;

/** Texts for people, with other addresses, MACs and names. What is a name is told without regard to case. */
export class Texts {
  readonly #addresses: Addresses;
  readonly #names: Names;
  readonly #known: ReadonlyMap<string, string>;
  readonly #pattern: RegExp;
  /** The same addresses come again and again. */
  readonly #redacted = new Map<string, string>();

  /** @param known names, and what stands for them */
  constructor(addresses: Addresses, names: Names, known: ReadonlyMap<string, string>) {
    this.#addresses = addresses;
    this.#names = names;
    const replaced = [...known].filter(([name, other]) => name !== other && isTellable(name));
    this.#known = new Map(replaced.map(([name, other]) => [name.toLowerCase(), other]));
    const longestFirst = [...this.#known.keys()].sort((a, b) => b.length - a.length);
    const files = longestFirst.filter((name) => /[/:]/.test(name));
    const words = longestFirst.filter((name) => !/[/:]/.test(name));
    const alternatives = Object.entries({
      file: oneOf(files),
      ...FORMS,
      word: `(?<![A-Za-z0-9])${oneOf(words)}(?![A-Za-z0-9])`,
    }).map(([name, form]) => `(?<${name}>${form})`);
    this.#pattern = new RegExp(alternatives.join('|'), 'gim');
  }

  redact(text: string): string {
    let redacted = this.#redacted.get(text);
    if (redacted === undefined) {
      redacted = text.replace(this.#pattern, (whole, ...rest) => this.#replacement(whole, rest.at(-1)));
      this.#redacted.set(text, redacted);
    }
    return redacted;
  }

  #replacement(whole: string, found: Partial<Record<keyof typeof FORMS | 'file' | 'word', string>>): string {
    if (found.file !== undefined || found.word !== undefined)
      return this.#known.get(whole.toLowerCase()) ?? whole;
    if (found.path !== undefined) return this.#names.of('file', whole);
    if (found.header !== undefined) return this.#header(whole);
    if (found.mac !== undefined || found.vendor !== undefined) return this.mac(whole);
    if (found.comment !== undefined) return '"redacted"';
    if (found.host !== undefined) return isGeneric(whole) ? whole : this.#names.of('node', whole);
    if (found.rest !== undefined) return whole.replace(/[0-9a-f]{2}/gi, NO_OCTET);
    if (found.dotted !== undefined) return this.#dotted(whole);
    if (found.dashed !== undefined) return this.#dashed(whole);
    if (found.reverse !== undefined) return reverseName(whole, this.#addresses);
    if (found.mail !== undefined)
      return this.#known.get(whole.toLowerCase()) ?? this.#names.of('node', whole);
    if (found.six !== undefined) return this.#six(whole);
    if (found.four !== undefined) return this.#four(whole);
    return KNOWN_DOMAINS.test(whole)
      ? whole
      : (this.#known.get(whole.toLowerCase()) ?? this.#names.of('node', whole));
  }

  /** @param text octets in hexadecimal, with something between them */
  mac(text: string): string {
    const between = text.charAt(2);
    const octets = Uint8Array.from(text.split(between), (octet) => Number.parseInt(octet, 16));
    return formatMac(this.#addresses.mac(octets), 0, octets.length).replaceAll(':', between);
  }

  #header(text: string): string {
    return withMacs(text, (mac) => this.mac(mac));
  }

  /** As switches write a MAC. */
  #dotted(text: string): string {
    const octets = text.replaceAll('.', '').match(/../g)!.join(':');
    return this.mac(octets)
      .replaceAll(':', '')
      .replace(/(.{4})(?=.)/g, '$1.');
  }

  /** An address in a host's name. */
  #dashed(text: string): string {
    const known = this.#known.get(text.toLowerCase());
    if (known !== undefined) return known;
    const digits = /\d{1,3}(?:-\d{1,3}){3}/.exec(text)![0].replaceAll('-', '.');
    if (parseAddress(digits) === null) return text;
    const [, address, domain] = KNOWN_ADDRESS.exec(text) ?? [];
    if (address === undefined) return this.#names.of('node', text);
    return `ip-${this.#four(address.replaceAll('-', '.')).replaceAll('.', '-')}${domain}`;
  }

  #four(text: string): string {
    const [address = '', length] = text.split('/');
    const mapped = this.#addresses.address(address, length === undefined ? null : Number(length));
    return mapped === null ? text : `${mapped}${length === undefined ? '' : `/${length}`}`;
  }

  /** A run of what IPv6 addresses are made of: times are, too, and an address may have a word before it or a colon after. */
  #six(text: string): string {
    const [run = '', length] = text.split('/');
    for (const start of starts(run)) {
      for (const end of ends(run, start)) {
        const candidate = run.slice(start, end);
        if (!candidate.includes(':') || parseAddress(candidate) === null) continue;
        const prefix = end === run.length && length !== undefined ? Number(length) : null;
        const mapped = this.#addresses.address(candidate, prefix);
        const before = this.redact(run.slice(0, start));
        return `${before}${mapped}${this.redact(run.slice(end))}${length === undefined ? '' : `/${length}`}`;
      }
    }
    // Part of it may be an IPv4 address.
    const four = new RegExp(FORMS.four, 'g');
    return text.replace(four, (address) => this.#four(address));
  }
}

/** Where an address may begin: at a group's first digit, or at two colons. */
function starts(run: string): number[] {
  return [...run].flatMap((_, i) => (i === 0 || run[i - 1] === ':' ? [i] : []));
}

/** Where it may end, the longest first. */
function ends(run: string, start: number): number[] {
  const found: number[] = [];
  for (let end = run.length; end > start + 1; end--) {
    if (end === run.length || run[end] === ':' || run[end] === '.' || run.slice(end - 2, end) === '::')
      found.push(end);
  }
  return found;
}

/** A number, or a letter, is of so much else that in texts nobody takes it for a name. */
function isTellable(name: string): boolean {
  return name.length > 1 && !/^[\d.:]+$/.test(name);
}

function oneOf(texts: readonly string[]): string {
  return texts.length === 0
    ? '(?!)'
    : `(?:${texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|')})`;
}
