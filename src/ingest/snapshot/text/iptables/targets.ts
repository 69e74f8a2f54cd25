/** The targets of `iptables -nvL`, in the words of the extensions' own print functions (iptables, extensions/). */
import { type Groups, MARK, type Saying, saying } from './said.js';

const FLAG = '(?:random-fully|random|persistent)';
const FLAGS = `(?<flags>(?: ${FLAG})*)`;
/** Without anything before them. */
const justFlags = saying(`(?<flags>${FLAG}(?: ${FLAG})*)`, ({ flags = '' }) => dashed(flags));

/** Where each target that says `to:` has what it says. */
const TO: Readonly<Record<string, string>> = {
  DNAT: '--to-destination',
  SNAT: '--to-source',
  NETMAP: '--to',
};

const mark = saying(
  `(?:CONN)?MARK (?<how>set|and|or|xor|xset) (?<mark>${MARK})`,
  ({ how, mark: said = '' }) => markOption(how!, said),
);

const SAYINGS: Readonly<Record<string, readonly Saying[]>> = {
  REJECT: [saying(/reject-with (?<answer>[\w-]+)/, ({ answer }) => `--reject-with ${answer}`)],
  MASQUERADE: [saying(`masq ports: (?<ports>\\d+(?:-\\d+)?)${FLAGS}`, toPorts), justFlags],
  REDIRECT: [saying(`redir ports (?<ports>\\d+(?:-\\d+)?)${FLAGS}`, toPorts), justFlags],
  MARK: [mark],
  CONNMARK: [
    mark,
    // The mask of what is written is said as its complement.
    saying(
      /CONNMARK save nfmask (?<nf>0x[0-9a-f]+) ctmask ~(?<ct>0x[0-9a-f]+)/,
      ({ nf, ct }) => `--save-mark --nfmask ${nf} --ctmask ${ct}`,
    ),
    saying(
      /CONNMARK restore ctmask (?<ct>0x[0-9a-f]+) nfmask ~(?<nf>0x[0-9a-f]+)/,
      ({ nf, ct }) => `--restore-mark --nfmask ${nf} --ctmask ${ct}`,
    ),
    // Where both are equal.
    saying(
      /CONNMARK (?<how>save|restore)(?: mask (?<mask>0x[0-9a-f]+))?/,
      ({ how, mask: said = '0xffffffff' }) => `--${how}-mark --nfmask ${said} --ctmask ${said}`,
    ),
  ],
  CT: [
    saying(/(?:CT )?notrack/, () => '--notrack'),
    saying(
      /CT(?<items>(?: (?:zone|zone-orig|zone-reply|helper|timeout|ctevents|expevents) \S+)+)/,
      ({ items = '' }) => items.trim().replace(/(\S+) (\S+)/g, '--$1 $2'),
    ),
  ],
  NOTRACK: [saying('NOTRACK', () => '')],
  TOS: [saying(`TOS set (?<value>${MARK})`, ({ value }) => `--set-tos ${value}`)],
  DSCP: [saying(/DSCP set (?<value>0x[0-9a-f]+)/, ({ value }) => `--set-dscp ${value}`)],
  TTL: [
    saying(/TTL (?<how>set to|increment by|decrement by) (?<value>\d+)/, (groups) => hops('ttl', groups)),
  ],
  HL: [saying(/HL (?<how>set to|increment by|decrement by) (?<value>\d+)/, (groups) => hops('hl', groups))],
  NFQUEUE: [saying(/NFQUEUE (?:num|balance) [\d:]+(?: bypass| cpu-fanout)*/, () => '')],
  TPROXY: [
    saying(
      `TPROXY redirect (?<address>\\S+):(?<port>\\d+) mark (?<mark>${MARK})`,
      ({ address, port, mark: said }) => `--on-port ${port} --on-ip ${address} --tproxy-mark ${said}`,
    ),
  ],
};

/** Of these nothing that they say decides on a packet, and it may hold any words. */
const IDLE = new Set(['LOG', 'NFLOG', 'ULOG', 'TCPMSS', 'TEE', 'AUDIT', 'TRACE']);

/** What the target of that name says; those that nothing is known of say nothing. */
export function targetSayings(name: string): readonly Saying[] {
  if (IDLE.has(name)) return [saying('.*', () => '')];
  if (Object.hasOwn(TO, name)) {
    return [
      saying(`to:(?<to>\\S+)${FLAGS}`, ({ to, flags: more = '' }) => `${TO[name]} ${to}${dashed(more)}`),
    ];
  }
  return Object.hasOwn(SAYINGS, name) ? SAYINGS[name]! : [];
}

function toPorts({ ports, flags = '' }: Groups): string {
  return `--to-ports ${ports}${dashed(flags)}`;
}

function dashed(flags: string): string {
  return flags.replace(/(?<=^| )(?=[a-z])/g, '--');
}

/** Whatever was asked for is kept by the kernel as a value that is set under a mask. */
function markOption(how: string, said: string): string | null {
  const [value = '', mask] = said.split('/');
  if (how === 'xset') return mask === undefined ? null : `--set-xmark ${value}/${mask}`;
  if (mask !== undefined) return null;
  if (how === 'set') return `--set-xmark ${value}/0xffffffff`;
  if (how === 'or') return `--set-xmark ${value}/${value}`;
  if (how === 'xor') return `--set-xmark ${value}/0x0`;
  return `--set-xmark 0x0/0x${(~Number(value) >>> 0).toString(16)}`;
}

function hops(option: string, { how = '', value }: Groups): string {
  const verb = how.startsWith('set') ? 'set' : how.slice(0, 3);
  return `--${option}-${verb} ${value}`;
}
