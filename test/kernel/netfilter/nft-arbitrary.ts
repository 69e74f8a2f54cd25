/** Random rule sets for the router of nft-router.ts, as text for `nft -f`. */
import fc from 'fast-check';

const ADDRESSES = ['10.1.0.2', '10.1.0.3', '10.2.0.2', '10.2.0.3', '10.1.0.1', '192.0.2.80', '10.99.0.1'];
const ADDRESSES6 = ['fd01::2', 'fd01::3', 'fd02::2', 'fd02::3', 'fd01::1', '2001:db8::80'];
const BACKENDS = ['10.2.0.2', '10.2.0.3', '10.1.0.2'];
const MARKS = ['0x1', '0x2', '0x4', '0x4000', '0x101'];

const address = fc.constantFrom(...ADDRESSES);
const address6 = fc.constantFrom(...ADDRESSES6);
const port = fc.constantFrom(53, 80, 443, 8080, 9, 5353);
const mark = fc.constantFrom(...MARKS);
const negation = fc.constantFrom('', '', '!= ');

function say(parts: TemplateStringsArray, ...values: fc.Arbitrary<unknown>[]): fc.Arbitrary<string> {
  return fc.tuple(...values).map((chosen) => parts.map((part, i) => part + String(chosen[i] ?? '')).join(''));
}

const match: fc.Arbitrary<string> = fc.oneof(
  say`ip saddr ${negation}${address}`,
  say`ip daddr ${negation}${address}`,
  say`ip6 daddr ${negation}${address6}`,
  say`ip saddr ${negation}{ ${address}, 10.2.0.0/30 }`,
  say`ip daddr ${address} th dport ${port}`,
  say`ip daddr . th dport { ${address} . ${port}, ${address} . 1-443 }`,
  say`udp dport ${negation}${port}`,
  say`tcp dport ${negation}${port}`,
  say`th sport & 1 == ${fc.constantFrom(0, 1)}`,
  say`meta l4proto ${fc.constantFrom('tcp', 'udp', '{ tcp, udp }')}`,
  say`meta nfproto ${fc.constantFrom('ipv4', 'ipv6')}`,
  say`iifname ${negation}${fc.constantFrom('"lan0"', '"wan0"', '"lan*"')}`,
  say`oifname ${negation}${fc.constantFrom('"lan0"', '"wan0"', '"w*"')}`,
  say`meta mark ${negation}${mark}`,
  say`meta mark & ${mark} ${fc.constantFrom('==', '!=')} 0`,
  say`ct mark ${negation}${mark}`,
  say`ct state ${fc.constantFrom('new', 'established,related', '{ new, established }', '!= new', 'invalid', 'untracked')}`,
  say`ct direction ${fc.constantFrom('original', 'reply')}`,
  say`ct status ${fc.constantFrom('dnat', 'snat', 'dnat,snat')}`,
  say`ct original ip daddr ${address}`,
  say`meta l4proto udp ct original proto-dst ${port}`,
  say`fib saddr . iif oif ${fc.constantFrom('missing', 'exists')}`,
  say`fib daddr type ${negation}local`,
  say`ip daddr @addresses`,
  say`ip saddr . meta l4proto . th dport @services`,
  say`numgen ${fc.constantFrom('random', 'inc')} mod 3 ${fc.constantFrom('0', '< 2', '{ 0, 2 }')}`,
  say`jhash ip saddr mod 2 ${fc.constantFrom('0', '1')}`,
);

const change: fc.Arbitrary<string> = fc.oneof(
  say`meta mark set ${mark}`,
  say`meta mark set meta mark or ${mark}`,
  say`meta mark set meta mark and 0xff or ${mark}`,
  say`meta mark set meta mark xor ${mark}`,
  say`meta mark set meta mark << 1`,
  say`ct mark set meta mark`,
  say`ct mark set ct mark or ${mark}`,
  say`meta mark set ct mark`,
  say`meta mark set ct mark and 0x4`,
  say`meta mark set ip saddr map { 10.1.0.2 : ${mark}, 10.2.0.0/24 : ${mark} }`,
  say`meta mark set th dport map @marks`,
  say`meta mark set numgen random mod 2 map { 0 : ${mark}, 1 : ${mark} }`,
  say`ip dscp set ${fc.constantFrom('cs1', 'af11')}`,
  say`counter`,
);

const inner = fc.constantFrom('c1', 'c2', 'c3');
const target: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('accept', 'accept', 'drop', 'return', 'continue', 'reject'),
  say`jump ${inner}`,
  say`jump ${inner}`,
  say`goto ${inner}`,
  say`th dport vmap { 53 : drop, 80 : jump ${inner}, 443-8080 : accept }`,
  say`ip daddr . th dport vmap @verdicts`,
  say`iifname vmap { "lan0" : jump ${inner}, "wan0" : return }`,
  say`ct state vmap { established : accept, new : jump ${inner} }`,
  say`numgen inc mod 3 vmap { 0 : jump ${inner}, 1 : accept, 2 : drop }`,
);

/** Jumps of inner chains go to later ones alone, as a circle is refused. */
function rule(targets: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.array(match, { maxLength: 2 }), fc.option(change), fc.option(targets), fc.boolean())
    .map(([matches, changed, verdict, changesFirst]) => {
      const parts = changesFirst ? [changed, ...matches] : [...matches, changed];
      return [...parts, verdict].filter((part) => part !== null).join(' ');
    })
    .filter((text) => text !== '');
}

const filterRules = fc.array(rule(target), { minLength: 1, maxLength: 4 });
const leafRules = fc.array(rule(fc.constantFrom('accept', 'drop', 'return', 'accept', 'continue')), {
  minLength: 1,
  maxLength: 3,
});

const backend = fc.constantFrom(...BACKENDS);
const protocol = fc.constantFrom('meta l4proto udp', 'meta l4proto tcp');
const dnat: fc.Arbitrary<string> = fc.oneof(
  say`dnat ip to ${backend}`,
  say`${protocol} dnat ip to ${backend}:${port}`,
  say`${protocol} dnat to :${port}`,
  say`${protocol} dnat ip6 to [fd02::2]:${port}`,
  say`${protocol} redirect to :${port}`,
  say`redirect`,
  say`${protocol} dnat ip to ip daddr . th dport map @backends`,
  say`${protocol} dnat ip to numgen random mod 2 map { 0 : 10.2.0.2 . ${port}, 1 : 10.2.0.3 . ${port} }`,
  say`dnat ip to ip daddr map { 10.2.0.2 : ${backend}, 192.0.2.0/24 : ${backend} }`,
  say`dnat ip prefix to ip daddr map { 192.0.2.0/24 : 10.2.0.0/24, 10.99.0.0/24 : 10.1.0.0/24 }`,
  say`dnat ip to ${backend}:udp dport map { 53 : 80, 80 : 443 }`,
  say`numgen random mod 2 vmap { 0 : goto n1, 1 : jump n2 }`,
);
const snat: fc.Arbitrary<string> = fc.oneof(
  say`masquerade`,
  say`snat ip to ${fc.constantFrom('10.1.0.1', '10.2.0.1', '10.2.0.77')}`,
  say`snat ip6 to fd02::77`,
  say`snat ip prefix to ip saddr map { 10.1.0.0/24 : 10.77.0.0/24 }`,
);
const natRule = (statement: fc.Arbitrary<string>) =>
  fc
    .tuple(
      fc.array(match, { maxLength: 2 }),
      fc.oneof(
        { weight: 4, arbitrary: statement },
        { weight: 1, arbitrary: fc.constantFrom('accept', 'return') },
      ),
    )
    .map(([matches, said]) => [...matches, said].join(' '));

const rawRule = fc
  .tuple(match, fc.constantFrom('notrack', 'notrack', 'drop', 'meta mark set 0x2', 'notrack accept'))
  .map((parts) => parts.join(' '));

const chain = (name: string, head: string, rules: readonly string[]) =>
  `chain ${name} {\n${head}\n${rules.join('\n')}\n}`;

function optional<T>(arbitrary: fc.Arbitrary<T[]>): fc.Arbitrary<T[] | null> {
  return fc.option(arbitrary, { freq: 2 });
}

/** One table of the `inet` family. */
export const ruleSet: fc.Arbitrary<string> = fc
  .record({
    inner: fc.tuple(filterRules, leafRules, leafRules),
    nats: fc.tuple(natRule(dnat), natRule(dnat)),
    raw: fc.option(fc.array(rawRule, { minLength: 1, maxLength: 2 }), { freq: 1 }),
    mangle: optional(filterRules),
    dstnat: optional(fc.array(natRule(dnat), { minLength: 1, maxLength: 3 })),
    input: optional(filterRules),
    forward: optional(filterRules),
    leaving: optional(filterRules),
    srcnat: optional(fc.array(natRule(snat), { minLength: 1, maxLength: 3 })),
    policy: fc.constantFrom('accept', 'accept', 'accept', 'drop'),
  })
  .map(
    ({
      inner: [c1, c2, c3],
      nats: [n1, n2],
      raw,
      mangle,
      dstnat,
      input,
      forward,
      leaving,
      srcnat,
      policy,
    }) => {
      // A chain that is jumped to may only jump further on.
      const forwardJumps = c1.map((text) => text.replaceAll(/\b(jump|goto) c1/g, '$1 c2'));
      const chains = [
        chain('c3', '', c3),
        chain('c2', '', c2),
        chain('c1', '', forwardJumps),
        chain('n1', '', [n1.replaceAll(/n[12]/g, 'c3')]),
        chain('n2', '', [n2.replaceAll(/n[12]/g, 'c3')]),
      ];
      const base = (
        name: string,
        type: string,
        hook: string,
        priority: number,
        rules: string[] | null,
        own = 'accept',
      ) => {
        if (rules)
          chains.push(chain(name, `type ${type} hook ${hook} priority ${priority}; policy ${own};`, rules));
      };
      base('raw', 'filter', 'prerouting', -300, raw);
      base('mangle', 'filter', 'prerouting', -150, mangle);
      base('dstnat', 'nat', 'prerouting', -100, dstnat);
      base('input', 'filter', 'input', 0, input, policy);
      base('forward', 'filter', 'forward', 0, forward, policy);
      base('leaving', 'filter', 'postrouting', -150, leaving);
      base('srcnat', 'nat', 'postrouting', 100, srcnat);
      return `table inet t {\n${DEFINITIONS}\n${chains.join('\n')}\n}`;
    },
  );

const DEFINITIONS = `set addresses { type ipv4_addr; flags interval; elements = { 10.2.0.2, 10.1.0.0/31, 192.0.2.0/24 }; }
set services { type ipv4_addr . inet_proto . inet_service; elements = { 10.1.0.2 . tcp . 80, 10.1.0.2 . udp . 53, 10.1.0.3 . udp . 80 }; }
map marks { type inet_service : mark; elements = { 53 : 0x10, 80 : 0x20 }; }
map backends { type ipv4_addr . inet_service : ipv4_addr . inet_service; elements = { 192.0.2.80 . 53 : 10.2.0.2 . 8080, 10.2.0.2 . 80 : 10.2.0.3 . 80 }; }
map verdicts { type ipv4_addr . inet_service : verdict; flags interval; elements = { 10.2.0.2 . 53 : drop, 10.2.0.0/24 . 80-443 : accept, 192.0.2.80 . 80 : return }; }`;
