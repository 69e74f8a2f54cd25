import { InputError } from '../../../model/errors.js';
import type { IpSet, IpSetElement } from '../../../model/snapshot.js';
import { eachLine } from '../lines.js';

/**
 * Reads `ipset save` and `ipset list`.
 *
 * @param warn told where some lines cannot be read
 * @throws InputError where no set can
 */
export function readIpSets(text: string, file: string, warn: (message: string) => void): IpSet[] {
  const reader = new Reader();
  for (const line of eachLine(text)) reader.take(line);
  const sets = reader.end();
  const { unread } = reader;
  if (unread.length === 0) return sets;
  const first = `the first is line ${unread[0]}`;
  if (sets.length === 0) throw new InputError(file, null, `no set as \`ipset save\` prints it; ${first}`);
  warn(`${file}: ${unread.length} lines cannot be read, ${first}`);
  return sets;
}

/** A set as it is read: `ipset list` says of how many elements it is. */
interface Unfinished extends IpSet {
  announced: number | null;
}

/** A line of `ipset list` that is no element: a set in a list may have a colon in its name. */
const HEADING = /^([A-Z][a-z]+(?: [a-z]+)*):(?: (.*))?$/;

class Reader {
  /** Lines that cannot be read, from 1. */
  readonly unread: number[] = [];
  readonly #sets = new Map<string, Unfinished>();
  /** Of `ipset list`: that whose lines follow. */
  #current: Unfinished | null = null;
  #inMembers = false;
  #number = 0;

  take(line: string): void {
    this.#number++;
    if (line.trim() === '') return;
    const [, heading, value = ''] = HEADING.exec(line) ?? [];
    if (heading !== undefined) this.#heading(heading, value.trim());
    else if (this.#current && this.#inMembers) this.#add(this.#current, line);
    else this.#command(line);
  }

  end(): IpSet[] {
    return [...this.#sets.values()].map(({ announced, ...set }) => ({
      ...set,
      isWhole: set.isWhole && (announced === null || announced === set.elements.length),
    }));
  }

  #heading(heading: string, value: string): void {
    if (heading === 'Name') {
      this.#current = this.#create(value, '', '');
      this.#inMembers = false;
    } else if (!this.#current) this.unread.push(this.#number);
    else if (heading === 'Type') this.#current.type = value;
    else if (heading === 'Header') Object.assign(this.#current, propertiesOf(value));
    else if (heading === 'Number of entries') this.#current.announced = Number(value);
    else if (heading === 'Members') this.#inMembers = true;
  }

  /** `create NAME TYPE …` and `add NAME ELEMENT …` */
  #command(line: string): void {
    const [, command, name = '', rest = ''] = /^(create|add) (\S+) (.+)$/.exec(line.trim()) ?? [];
    const set = this.#sets.get(name);
    if (command === 'create') {
      const [, type = '', header = ''] = /^(\S+) ?(.*)$/.exec(rest)!;
      this.#create(name, type, header);
    } else if (command === 'add' && set) this.#add(set, rest);
    else this.unread.push(this.#number);
  }

  #create(name: string, type: string, header: string): Unfinished {
    const set = { name, type, ...propertiesOf(header), elements: [], isWhole: true, announced: null };
    this.#sets.set(name, set);
    return set;
  }

  #add(set: Unfinished, line: string): void {
    set.elements.push(elementOf(line));
  }
}

type Properties = Pick<IpSet, 'family' | 'netmask' | 'bitmask' | 'range' | 'expires'>;

/** `family inet hashsize 1024 maxelem 65536 timeout 30 counters bucketsize 12 initval 0x7e40cd67` */
function propertiesOf(header: string): Properties {
  const words = header.split(/\s+/);
  const after = (word: string) => {
    const at = words.indexOf(word);
    return at < 0 ? null : (words[at + 1] ?? null);
  };
  const family = after('family');
  const netmask = after('netmask');
  return {
    family: family === null ? null : family === 'inet6' ? 6 : 4,
    netmask: netmask === null ? null : Number(netmask),
    bitmask: after('bitmask'),
    range: after('range'),
    expires: words.includes('timeout'),
  };
}

/** `10.0.0.1,tcp:80 timeout 5 packets 0 bytes 0 comment "may hold any word"` */
function elementOf(line: string): IpSetElement {
  const [value = '', ...words] = line
    .trim()
    .replace(/ comment ".*"$/, '')
    .split(/\s+/);
  const at = words.indexOf('timeout');
  return {
    value,
    nomatch: words.includes('nomatch'),
    wildcard: words.includes('wildcard'),
    // Those that are there for good have 0.
    expires: at >= 0 && words[at + 1] !== '0',
  };
}
