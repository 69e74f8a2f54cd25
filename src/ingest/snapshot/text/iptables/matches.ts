/** The matches of `iptables -nvL`, in the words of the extensions' own print functions (iptables, extensions/). */
import { bang, type Groups, MARK, type Saying, saying } from './said.js';

export const MATCHES: readonly Saying[] = [
  saying(/\/\*(?<text>.*?)\*\//, ({ text = '' }) => `-m comment --comment ${quoted(text.trim())}`),
  saying(
    /(?<protocol>tcp|udp|udplite|sctp|dccp)(?<items>(?: (?:[sd]pts?:!?[\d:]+|flags:!?0x[0-9a-f]+\/0x[0-9a-f]+|option=!?\d+))*)/,
    transport,
  ),
  saying(/(?:ipv6-)?icmp ?(?<not>!)?type (?<type>\d+)(?: code (?<code>\d+))?/, icmp),
  saying(
    /multiport (?<which>[sd]?ports) +(?<not>!)?(?<list>[\d:,]+)/,
    ({ which, not, list }) => `-m multiport ${bang(not)}--${which} ${list}`,
  ),
  saying(
    // Older versions put the mark behind the name.
    /(?<not>! )?(?<key>ctstate|ctproto|ctorigsrc|ctorigdst|ctreplsrc|ctrepldst|ctorigsrcport|ctorigdstport|ctreplsrcport|ctrepldstport|ctstatus|ctexpire|ctdir) (?<later>! ?)?(?<value>\S+)/,
    ({ not, later, key, value }) => `-m conntrack ${bang(not ?? later)}--${key} ${value}`,
  ),
  saying(/(?<not>! )?state (?<list>[A-Z,]+)/, ({ not, list }) => `-m state ${bang(not)}--state ${list}`),
  saying(`mark match (?<not>! ?)?(?<mark>${MARK})`, ({ not, mark }) => `-m mark ${bang(not)}--mark ${mark}`),
  saying(
    `connmark match +(?<not>! ?)?(?<mark>${MARK})`,
    ({ not, mark }) => `-m connmark ${bang(not)}--mark ${mark}`,
  ),
  saying(
    /statistic mode random (?<not>! ?)?probability (?<share>[\d.]+)/,
    ({ not, share }) => `-m statistic --mode random ${bang(not)}--probability ${share}`,
  ),
  saying(
    /statistic mode nth (?<not>! ?)?every (?<every>\d+)(?: packet (?<packet>\d+))?/,
    ({ not, every, packet = '0' }) =>
      `-m statistic --mode nth ${bang(not)}--every ${every} --packet ${packet}`,
  ),
  saying(/ADDRTYPE match(?<items>(?: (?:src-type|dst-type) !?[A-Z,]+| limit-in| limit-out)+)/, addressTypes),
  saying(/rpfilter(?<items>(?: (?:loose|validmark|accept-local|invert))*)/, ({ items = '' }) =>
    options('rpfilter', items.trim(), 'loose|validmark|accept-local|invert'),
  ),
  saying(
    /MAC ?(?<not>! ?)?(?<mac>[0-9a-f]{2}(?::[0-9a-f]{2}){5})/,
    ({ not, mac }) => `-m mac ${bang(not)}--mac-source ${mac}`,
  ),
  saying(
    /(?<side>source|destination) IP range (?<not>! )?(?<range>[\da-f.:]+-[\da-f.:]+)/,
    ({ not, side, range }) => `-m iprange ${bang(not)}--${side === 'source' ? 'src' : 'dst'}-range ${range}`,
  ),
  saying(
    /(?<not>! )?match-set (?<name>\S+) (?<sides>(?:src|dst)(?:,(?:src|dst))*)/,
    ({ not, name, sides }) => `-m set ${bang(not)}--match-set ${name} ${sides}`,
  ),
  saying(
    /(?<not>! )?owner (?<which>[UG]ID) match (?<id>\d+(?:-\d+)?)/,
    ({ not, which, id }) => `-m owner ${bang(not)}--${which!.toLowerCase()}-owner ${id}`,
  ),
  saying(/(?<not>! )?owner socket exists/, ({ not }) => `-m owner ${bang(not)}--socket-exists`),
  // These are the options themselves.
  saying(
    /PHYSDEV match(?<items>(?:(?: !)? --physdev-(?:(?:in|out) \S+|is-\w+))+)/,
    ({ items }) => `-m physdev${items}`,
  ),
  saying(
    /policy match dir (?<dir>in|out) pol (?<policy>none|ipsec)(?<items>(?: strict| (?:proto|reqid|mode|tunnel-(?:src|dst)) [^!\s]\S*)*)/,
    ({ dir, policy, items = '' }) =>
      options(
        'policy',
        `dir ${dir} pol ${policy}${items}`,
        'dir|pol|strict|proto|reqid|mode|tunnel-src|tunnel-dst',
      ),
  ),
  saying(/(?<items>(?:(?:^| )(?:! )?(?:src|dst)-group \S+)+)/, ({ items = '' }) =>
    options('devgroup', items.trim(), 'src-group|dst-group'),
  ),
  saying(
    /PKTTYPE (?<not>!)?= (?<type>unicast|broadcast|multicast)/,
    ({ not, type }) => `-m pkttype ${bang(not)}--pkt-type ${type}`,
  ),
  saying(/length (?<not>!)?(?<range>[\d:]+)/, ({ not, range }) => `-m length ${bang(not)}--length ${range}`),
  saying(
    /DSCP match ?(?<not>!)?(?<value>0x[0-9a-f]+)/,
    ({ not, value }) => `-m dscp ${bang(not)}--dscp ${value}`,
  ),
  saying(`tos match ?(?<not>!)?(?<value>${MARK})`, ({ not, value }) => `-m tos ${bang(not)}--tos ${value}`),
  saying(/(?<name>TTL|HL) match (?:TTL|HL) (?<how>==|!=|<|>) (?<value>\d+)/, ({ name, how, value }) => {
    const own = name!.toLowerCase();
    const kind = how === '<' ? 'lt' : how === '>' ? 'gt' : 'eq';
    return `-m ${own} ${how === '!=' ? '! ' : ''}--${own}-${kind} ${value}`;
  }),
  saying(
    /limit: avg (?<rate>\d+\/\w+) burst (?<burst>\d+)/,
    ({ rate, burst }) => `-m limit --limit ${rate} --limit-burst ${burst}`,
  ),
  // Its name is not told.
  saying(
    /limit: (?<how>up to|above) (?<rate>\S+\/\w+) burst (?<burst>\d+)(?: mode (?<mode>[\w-]+))?(?: htable-\S+ \d+| srcmask \d+| dstmask \d+)*/,
    ({ how, rate, burst, mode }) =>
      `-m hashlimit --hashlimit-${how === 'above' ? 'above' : 'upto'} ${rate} --hashlimit-burst ${burst}${
        mode === undefined ? '' : ` --hashlimit-mode ${mode.replaceAll('-', ',')}`
      }`,
  ),
  saying(
    /#conn (?<side>src|dst)\/(?<mask>\d+) (?<how>>|<=) (?<count>\d+)/,
    ({ side, mask, how, count }) =>
      `-m connlimit --connlimit-${how === '>' ? 'above' : 'upto'} ${count} --connlimit-mask ${mask} --connlimit-${side![0]}addr`,
  ),
  saying(/quota: (?<octets>\d+) bytes/, ({ octets }) => `-m quota --quota ${octets}`),
  saying(
    /(?<not>! )?recent: (?<verb>SET|CHECK|UPDATE|REMOVE)(?<items>(?: seconds: \d+| reap| hit_count: \d+| TTL-Match)*) name: (?<name>\S+) side: (?<side>source|dest)(?: mask: (?<mask>\S+))?/,
    recent,
  ),
];

/** In iptables-save's quotes. */
export function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** `-m NAME` with those of the words that are options written as such. */
function options(name: string, words: string, known: string): string {
  const said = words.replace(new RegExp(`(?<=^| )(${known})(?= |$)`, 'g'), '--$1');
  return said === '' ? `-m ${name}` : `-m ${name} ${said}`;
}

const PORT_OPTIONS: Readonly<Record<string, string>> = {
  spt: 'sport',
  spts: 'sport',
  dpt: 'dport',
  dpts: 'dport',
};

function transport({ protocol, items = '' }: Groups): string {
  const said = [...items.matchAll(/(\w+)[:=](!?)(\S+)/g)].map(([, kind = '', not, value = '']) => {
    if (kind === 'option') return ` ${bang(not)}--tcp-option ${value}`;
    if (kind !== 'flags') return ` ${bang(not)}--${PORT_OPTIONS[kind]} ${value}`;
    const [mask = '', set = ''] = value.split('/');
    return ` ${bang(not)}--tcp-flags ${flagNames(mask)} ${flagNames(set)}`;
  });
  return `-m ${protocol}${said.join('')}`;
}

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];

function flagNames(mask: string): string {
  const names = TCP_FLAGS.filter((_, bit) => (Number(mask) >> bit) & 1);
  return names.length === 0 ? 'NONE' : names.join(',');
}

/** Type 255 is any, in IPv4. */
function icmp({ not, type, code }: Groups, family: 4 | 6): string {
  const [name, option] = family === 4 ? ['icmp', '--icmp-type'] : ['icmp6', '--icmpv6-type'];
  const wanted = type === '255' && family === 4 ? 'any' : code === undefined ? type : `${type}/${code}`;
  return `-m ${name} ${bang(not)}${option} ${wanted}`;
}

function addressTypes({ items = '' }: Groups): string {
  const said = items
    .trim()
    .replace(/(src-type|dst-type) (!?)([A-Z,]+)/g, (_, side, not, list) => `${bang(not)}--${side} ${list}`)
    .replace(/(?<=^| )limit-(in|out)/g, '--limit-iface-$1');
  return `-m addrtype ${said}`;
}

const RECENT: Readonly<Record<string, string>> = {
  SET: 'set',
  CHECK: 'rcheck',
  UPDATE: 'update',
  REMOVE: 'remove',
};

function recent({ not, verb = '', items = '', name, side, mask }: Groups): string {
  const more = items
    .replace(/seconds:/, '--seconds')
    .replace(/ reap/, ' --reap')
    .replace(/hit_count:/, '--hitcount')
    .replace(/TTL-Match/, '--rttl');
  const about = `--name ${name}${mask === undefined ? '' : ` --mask ${mask}`}`;
  return `-m recent ${bang(not)}--${RECENT[verb]}${more} ${about} --r${side}`;
}
