import type { FilterVerdict, Step } from '../rule-set.js';
import { NAT_TARGETS } from './nat.js';
import { type Target, valueOfOption } from './target.js';
import { dscpClass, masked, wholeNumber } from './values.js';
import type { Option } from './words.js';

const verdict =
  (result: FilterVerdict): Target =>
  () => [() => result];

/** Changes neither the packet's path nor what rules see of it. */
const nothing: Target = () => [];

/** A step that changes something, and goes on. */
function change(step: (...args: Parameters<Step>) => void): Step[] {
  return [
    (packet, node) => {
      step(packet, node);
      return true;
    },
  ];
}

const reject: Target = (options, { family }) => {
  const answer = valueOfOption(options, '--reject-with');
  return [
    () => ({
      kind: 'reject',
      answer: answer ?? (family === 4 ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'),
    }),
  ];
};

interface Bits {
  /** Cleared first, then `flip` is XORed in. */
  clear: number;
  flip: number;
}

/** `--set-xmark 0x4000/0x4000` and its kin, which differ in what they clear (xt_mark.c, xt_connmark.c). */
function markBits(option: Option | undefined, all = 0xffffffff): Bits | null {
  const parsed = masked(option?.values[0], all);
  if (!option || !parsed) return null;
  const { value, mask } = parsed;
  const kind = /^--(set-xmark|set-mark|and-mark|or-mark|xor-mark|set-tos|and-tos|or-tos|xor-tos)$/.exec(
    option.name,
  );
  switch (kind?.[1]) {
    case 'set-xmark':
    case 'set-tos':
      return { clear: mask, flip: value };
    case 'set-mark':
      return { clear: (mask | value) >>> 0, flip: value };
    case 'and-mark':
    case 'and-tos':
      return { clear: ~value >>> 0, flip: 0 };
    case 'or-mark':
    case 'or-tos':
      return { clear: value, flip: value };
    case 'xor-mark':
    case 'xor-tos':
      return { clear: 0, flip: value };
    default:
      return null;
  }
}

function withBits(value: number, { clear, flip }: Bits): number {
  return ((value & ~clear) ^ flip) >>> 0;
}

const mark: Target = (options) => {
  const bits = markBits(options[0]);
  return (
    bits &&
    change((packet) => {
      packet.mark = withBits(packet.mark, bits);
    })
  );
};

const connmark: Target = (options) => {
  const of = (name: string, fallback: number) => {
    const text = valueOfOption(options, name) ?? valueOfOption(options, '--mask');
    return text === undefined ? fallback : wholeNumber(text);
  };
  const nfmask = of('--nfmask', 0xffffffff);
  const ctmask = of('--ctmask', 0xffffffff);
  if (nfmask === null || ctmask === null || options.some(({ name }) => name.includes('shift'))) return null;
  const names = options.map(({ name }) => name);
  if (names.includes('--save-mark')) {
    return change(({ connection, mark }) => {
      if (connection) connection.mark = withBits(connection.mark, { clear: ctmask, flip: mark & nfmask });
    });
  }
  if (names.includes('--restore-mark')) {
    return change((packet) => {
      const { connection } = packet;
      if (connection) packet.mark = withBits(packet.mark, { clear: nfmask, flip: connection.mark & ctmask });
    });
  }
  const bits = markBits(options[0]);
  return (
    bits &&
    change(({ connection }) => {
      if (connection) connection.mark = withBits(connection.mark, bits);
    })
  );
};

const notrack = verdict({ kind: 'notrack' });

const ct: Target = (options, { place, family, half }) => {
  const names = options.map(({ name }) => name);
  if (names.includes('--notrack')) return notrack(options, { place, family, half });
  if (!names.some((name) => name.startsWith('--zone'))) return [];
  return change((_, node) => {
    node.doubt(`${place}: conntrack zones are not modelled: all connections are taken to be in one`);
  });
};

const tos: Target = (options) => {
  const bits = markBits(options[0], 0xff);
  return (
    bits &&
    change((packet) => {
      packet.tos = withBits(packet.tos, bits) & 0xff;
    })
  );
};

const dscp: Target = (options) => {
  const name = valueOfOption(options, '--set-dscp-class');
  const value = name === undefined ? wholeNumber(valueOfOption(options, '--set-dscp')) : dscpClass(name);
  if (value === null) return null;
  return change((packet) => {
    packet.tos = (packet.tos & 3) | (value << 2);
  });
};

const ttl: Target = (options) => {
  const [option] = options;
  const value = wholeNumber(option?.values[0]);
  if (!option || value === null) return null;
  return change((packet) => {
    if (option.name.endsWith('-set')) packet.ttl = value;
    if (option.name.endsWith('-inc')) packet.ttl = Math.min(255, packet.ttl + value);
    if (option.name.endsWith('-dec')) packet.ttl = Math.max(0, packet.ttl - value);
  });
};

/** tproxy_tg4(): with a listener the packet is marked and let through, without one it is dropped. */
const tproxy: Target = (options, { place }) => {
  const text = valueOfOption(options, '--tproxy-mark');
  const bits = text === undefined ? { value: 0, mask: 0 } : masked(text);
  if (!bits) return null;
  return [
    (packet, node) => {
      node.doubt(`${place}: a proxy is taken to listen`);
      packet.mark = withBits(packet.mark, { clear: bits.mask, flip: bits.value });
      return { kind: 'accept' };
    },
  ];
};

/** Every target that is understood, by its name behind `-j`. */
const TARGETS: Readonly<Record<string, Target>> = {
  ...NAT_TARGETS,
  ACCEPT: verdict({ kind: 'accept' }),
  DROP: verdict({ kind: 'drop' }),
  RETURN: verdict({ kind: 'return' }),
  REJECT: reject,
  QUEUE: verdict({ kind: 'queue' }),
  NFQUEUE: verdict({ kind: 'queue' }),
  SYNPROXY: verdict({ kind: 'stolen' }),
  MARK: mark,
  CONNMARK: connmark,
  CT: ct,
  NOTRACK: notrack,
  TOS: tos,
  DSCP: dscp,
  TTL: ttl,
  HL: ttl,
  TPROXY: tproxy,
  LOG: nothing,
  NFLOG: nothing,
  ULOG: nothing,
  TRACE: nothing,
  AUDIT: nothing,
  TEE: nothing,
  TCPMSS: nothing,
  TCPOPTSTRIP: nothing,
  CHECKSUM: nothing,
  CLASSIFY: nothing,
  ECN: nothing,
  SECMARK: nothing,
  CONNSECMARK: nothing,
  IDLETIMER: nothing,
  LED: nothing,
  RATEEST: nothing,
};

/** Whether a target has no part in where packets go (LOG, TCPMSS and so on). */
export function doesNothing(name: string): boolean {
  return targetNamed(name) === nothing;
}

export function targetNamed(name: string): Target | null {
  return Object.hasOwn(TARGETS, name) ? TARGETS[name]! : null;
}
