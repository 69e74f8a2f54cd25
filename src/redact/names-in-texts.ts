import type { NameKind } from './names.js';

/** As the kernel takes them, of what stands in names; up to 15 characters. */
const DEVICE = '[A-Za-z_][\\w.@+-]{0,14}(?<![.@+-])(?![\\w@+-])';
/** In a sentence a word with a digit in it is one, or nothing else that sentences hold. */
const NUMBERED = `(?=[\\w.-]*\\d)(?!(?:IPv?[46]|ICMPv?[46]|[af]\\d+|u32|rp_filter)(?![\\w-]))${DEVICE}`;

const pattern = (source: string): RegExp => new RegExp(source, 'gm');

/**
 * Names of which no field tells, by what stands around them: in rules, routes, settings, the kernel's log, and in our
 * own sentences. What a set lists are several.
 */
const PATTERNS: readonly { pattern: RegExp; kinds: readonly NameKind[] }[] = [
  { pattern: /(?:^|[\s"])-A ([A-Za-z][\w.-]*)/g, kinds: ['chain'] },
  { pattern: /\bip6?tables(?:-legacy|-nft)?(?: -t \w+)? -[ADI] ([A-Za-z][\w.-]*)/g, kinds: ['chain'] },
  // `ip -j` and `nmcli -g` are other things.
  {
    pattern: /(?<!\b(?:ip|nmcli)(?: -[a-z46]+)*) (?:-j|-g|--jump|--goto) ([A-Za-z][\w.-]*)/g,
    kinds: ['chain'],
  },
  { pattern: /\b(?:jump|goto) ([A-Za-z][\w.-]*)(?= |$)/g, kinds: ['chain'] },
  {
    pattern: /\b(?:rule|chain|in) (?:inet|ip6?|arp|bridge|netdev) ([A-Za-z][\w-]*) ([A-Za-z][\w-]*)/g,
    kinds: ['table', 'chain'],
  },
  { pattern: /(?:^|\s)@([A-Za-z_][\w-]*)/g, kinds: ['set'] },
  { pattern: /--match-set (\S+)/g, kinds: ['set'] },
  { pattern: /\b(?:(?:in|of|which) the set|set of the name) (\S+?)(?=,? )/g, kinds: ['set'] },
  { pattern: /\bsets (?:of the type \S+|with a bitmask), as (\S+) is one\b/g, kinds: ['set'] },
  // Of routes.
  {
    pattern:
      /(?:\bin table|\blookup|\bonlink table|\bdev \S+ table|be none of) (?!(?:inet|ip6?|arp|bridge|netdev) )([A-Za-z](?:[\w.-]*\w)?)/g,
    kinds: ['table'],
  },
  { pattern: /\btable (?:inet|ip6?|arp|bridge|netdev) ([A-Za-z][\w-]*)/g, kinds: ['table'] },
  {
    pattern: /\b(?:element|set|map) (?:inet|ip6?|arp|bridge|netdev) ([A-Za-z][\w-]*) ([A-Za-z][\w-]*)/g,
    kinds: ['table', 'set'],
  },
  { pattern: /\bkubectl (?:[^|;\n]* )?(?:-n|--namespace)[ =]([a-z][\w-]*)/g, kinds: ['namespace'] },

  { pattern: pattern(`\\b(?:dev|slave|[io]if) (${DEVICE})`), kinds: ['interface'] },
  { pattern: pattern(`(?:-[ADI]|tcpdump)\\b[^\\n;|]*? -i '?(${DEVICE})`), kinds: ['interface'] },
  { pattern: pattern(`\\barping\\b[^\\n;|]*? -I '?(${DEVICE})`), kinds: ['interface'] },
  { pattern: pattern(`-[ADI] [^\\n;]* -o (${DEVICE})`), kinds: ['interface'] },
  { pattern: pattern(`--physdev-(?:in|out) (${DEVICE})`), kinds: ['interface'] },
  { pattern: /\b[io]ifname (?:[!=]= )?"([^"\s]+)"/g, kinds: ['interface'] },
  { pattern: /\b[io]ifname (?:[!=]= )?\{([^}]+)\}/g, kinds: ['interface'] },
  { pattern: pattern(`\\b(?:PHYS)?(?:IN|OUT)=(${DEVICE})`), kinds: ['interface'] },
  { pattern: /\bipv[46]\.(?:conf|neigh)\.([^.\s=]+)\.\w/g, kinds: ['interface'] },
  { pattern: /\bipv[46]\/(?:conf|neigh)\/([^/\s=]+)\/\w/g, kinds: ['interface'] },
  { pattern: pattern(`\\bdevice (${DEVICE}) (?:entered|left) `), kinds: ['interface'] },
  {
    pattern: pattern(`(?<![\\w.-])(${DEVICE}): port \\d+\\((${DEVICE})\\) `),
    kinds: ['interface', 'interface'],
  },
  { pattern: pattern(`(?<![\\w.-])(${DEVICE}): \\(slave ${DEVICE}\\)`), kinds: ['interface'] },
  {
    pattern: pattern(
      `\\b(?:device (?:show|reapply|modify)|networkctl status|and rules for(?= \\S+, as)) (${DEVICE})`,
    ),
    kinds: ['interface'],
  },

  { pattern: pattern(`\\bby ${DEVICE} into (?!it\\b)([A-Za-z][\\w.-]*\\w)(?=,|$)`), kinds: ['node'] },
  { pattern: /\ba route to \S+ on ([A-Za-z][\w.-]*\w), by /g, kinds: ['node'] },
  { pattern: pattern(`\\b(?:by|on|gives|lets|leads to) (${NUMBERED})`), kinds: ['interface'] },
  { pattern: pattern(`\\b(?:goes|, by) (${DEVICE})(?= into | to [\\[\\d]| via )`), kinds: ['interface'] },
  { pattern: pattern(`\\bgoes by (${DEVICE})(?= into | to [\\[\\d]| via |,)`), kinds: ['interface'] },
  { pattern: pattern(`, by (${DEVICE})(?= into | to [\\[\\d]| via |\\.?$|[.,;] )`), kinds: ['interface'] },
  { pattern: pattern(`\\b(?:is|gives|leaves by|or) (${DEVICE})(?= via )`), kinds: ['interface'] },
  { pattern: pattern(`\\b(?:leads to|leaves by|gives) (${DEVICE})(?=$|\\):| \\()`), kinds: ['interface'] },
  { pattern: pattern(`^(${DEVICE}), the way on, `), kinds: ['interface'] },
  { pattern: pattern(`\\bmax of all=\\d, (${DEVICE})=\\d`), kinds: ['interface'] },
  {
    pattern: pattern(`\\bis on (${DEVICE})(?=$|, and |\\.$)|\\bhas the address on (${DEVICE})(?=$|[,.])`),
    kinds: ['interface', 'interface'],
  },
  { pattern: pattern(`\\barp_(?:ignore|announce)(?:=\\d)? lets (${DEVICE})`), kinds: ['interface'] },
];

/** These stand for all of them, are the kernel's words in their place, or ours. */
const NO_DEVICE = new Set(
  'all default any lo main local iif oif ARP NDP it them hand itself name chance'.split(' '),
);

/** The names in rules, routes, log lines and sentences. */
export function* namesInText(text: string): Generator<[NameKind, string]> {
  for (const { pattern, kinds } of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      for (const [i, kind] of kinds.entries()) {
        for (const name of (match[i + 1] ?? '').split(/[\s",{}]+/))
          if (name !== '' && !(kind !== 'chain' && NO_DEVICE.has(name))) yield [kind, name];
      }
    }
  }
}
