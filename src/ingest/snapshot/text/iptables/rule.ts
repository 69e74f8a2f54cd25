import { canonicalAddress } from '../../../../model/address.js';
import { MATCHES, quoted } from './matches.js';
import { firstSaid } from './said.js';
import { targetSayings } from './targets.js';

/**
 * A rule of `iptables -nvL` as iptables-save prints it. What is not known of it becomes a match of the name `listing`,
 * of which nothing else knows: the rule is then taken as no match, and that is said where it decides.
 *
 * @param line without its number and counters
 */
export function savedRule(chain: string, line: string, family: 4 | 6): { rule: string; isUnread: boolean } {
  const found = COLUMNS.exec(line);
  const columns = found?.groups as Columns | undefined;
  const [source, destination] = [networkOf(columns?.source), networkOf(columns?.destination)];
  if (!columns || source === null || destination === null) {
    return { rule: `-A ${chain} ${unread(line)} -j UNREAD`, isUnread: true };
  }
  const { target = '', protocol, fragment = '--', iif, oif, more = '' } = columns;
  const { said, isUnread } = behindAddresses(target.trim(), more, family);
  const header = [
    option('-s', source, (network) => network === '0.0.0.0/0' || network === '::/0'),
    option('-d', destination, (network) => network === '0.0.0.0/0' || network === '::/0'),
    option('-i', iif, (name) => name === '*'),
    option('-o', oif, (name) => name === '*'),
    option('-p', protocol, (name) => name === 'all' || name === '0'),
    fragment === '--' ? '' : ` ${fragment === '!f' ? '! ' : ''}-f`,
  ];
  return { rule: `-A ${chain}${header.join('')}${said}`, isUnread };
}

interface Columns {
  target?: string;
  protocol: string;
  /** Empty for IPv6, before 1.8. */
  fragment?: string;
  iif: string;
  oif: string;
  source: string;
  destination: string;
  more?: string;
}

const NETWORK = '!?[\\da-f]*[.:][\\da-f.:]*(?:/[\\da-f.:]+)?';

/** `ACCEPT  6  --  eth0  *  10.0.0.0/8  0.0.0.0/0  tcp dpt:80`; a rule need not have a target. */
const COLUMNS = new RegExp(
  `^\\s*(?<target>\\S+\\s+)??(?<protocol>!?[\\w.-]+)\\s+(?:(?<fragment>--|-f|!f)\\s+)?(?<iif>!?[^\\s!]+)\\s+(?<oif>!?[^\\s!]+)\\s+(?<source>${NETWORK})\\s+(?<destination>${NETWORK})(?: *(?<more>.*))?$`,
  'i',
);

/** @returns null where it is none, as of a listing without `-n` */
function networkOf(text: string | undefined): string | null {
  const address = text?.replace(/^!/, '').replace(/\/.*$/, '');
  return address === undefined || canonicalAddress(address) === null ? null : text!;
}

function option(name: string, value: string, isAny: (value: string) => boolean): string {
  const not = value.startsWith('!');
  const plain = not ? value.slice(1) : value;
  return !not && isAny(plain) ? '' : ` ${not ? '! ' : ''}${name} ${plain}`;
}

/** @param target empty where the rule has none */
function behindAddresses(target: string, text: string, family: 4 | 6): { said: string; isUnread: boolean } {
  let rest = text.trim();
  const goto = rest.startsWith('[goto]');
  if (goto) rest = rest.slice('[goto]'.length).trim();
  const matches: string[] = [];
  const options: string[] = [];
  const sayings = targetSayings(target);
  while (rest !== '' && !isAmbiguous(rest)) {
    const match = firstSaid(MATCHES, rest, family);
    const found = match ?? firstSaid(sayings, rest, family);
    if (!found) break;
    if (found.options !== '') (match ? matches : options).push(found.options);
    rest = rest.slice(found.length).trim();
  }
  const isUnread = rest !== '';
  if (isUnread) matches.push(unread(rest));
  const action = target === '' ? [] : [`${goto ? '-g' : '-j'} ${target}`];
  return { said: [...matches, ...action, ...options].map((one) => ` ${one}`).join(''), isUnread };
}

/** A comment may itself hold its end, and then what looks like a match; another comment there is no harm. */
function isAmbiguous(text: string): boolean {
  return text.startsWith('/*') && /\*\/(?! \/\*)/.test(text.slice(2, text.lastIndexOf('*/')));
}

function unread(text: string): string {
  return `-m listing ${quoted(text.trim().replace(/\s+/g, ' '))}`;
}
