/** Statements that translate: dnat, snat, masquerade, redirect. */
import { familyOf } from '../../../model/address.js';
import { toAddress } from '../../prefix.js';
import type { FilterPacket } from '../packet.js';
import type { Branch, FilterNode, FilterVerdict } from '../rule-set.js';
import { type Pattern, parsePattern } from './elements.js';
import { chanceText, DRAWS, type Draw, type Expression, UNKNOWN } from './expression.js';
import { compileExpression, overDraws } from './expressions.js';
import { kindOf, list, record } from './json.js';
import { assumption, doubt, findElements, type Scope } from './scope.js';
import { effect, type Statement } from './statement.js';
import { type Atom, addressAtom, atomAddress, IPV4_ADDRESS, IPV6_ADDRESS, PORT } from './types.js';

/** Where to: both ends are the same but for a range. What is null stays. */
interface Target {
  family: 4 | 6 | null;
  address: Range | null;
  port: Range | null;
}

type Range = { low: Atom; high: Atom };

/** Ranges up to this size part the ways; of longer ones the first is taken, with a doubt. */
const PICKS = 64;

type NatKind = 'dnat' | 'snat' | 'masquerade' | 'redirect';

/** The target for one draw: null ends the rule, text says why it is not known. */
type TargetOf = (packet: FilterPacket, node: FilterNode, draw: number) => Target | string | null;

export function compileNat(kind: NatKind, body: unknown, scope: Scope): Statement {
  const fields = record(body) ?? {};
  const flags = new Set([...list(fields.flags), ...list(fields.type_flags)]);
  const address = compileTarget(fields.addr, scope);
  const port = compilePort(fields.port, scope);
  const family = fields.family === 'ip' ? 4 : fields.family === 'ip6' ? 6 : null;
  const wholePrefix = flags.has('netmap') || flags.has('prefix');
  const evaluate = (packet: FilterPacket, node: FilterNode, drawn: number): Outcome => {
    const target = address.of(packet, node, drawn);
    if (target === null || typeof target === 'string') return target;
    if (target.family !== null && target.family !== packet.family) return null;
    const ports = port.of(packet, node, drawn);
    if (ports === null || typeof ports === 'string') return ports;
    const to: Target = { ...target, port: ports.port ?? target.port };
    return wholePrefix ? mapPrefix(kind, packet, to) : to;
  };
  const draw = address.draw ?? port.draw;
  const tooMuch = (address.draw && port.draw) || (draw && draw.count > DRAWS);
  return effect((packet, node) => {
    if (family !== null && family !== packet.family) return false;
    if (tooMuch) {
      doubt(scope, node, 'more than one random number at once is not modelled: taken as no match');
      return false;
    }
    for (const what of [address.assumes, port.assumes]) if (what !== null) doubt(scope, node, what);
    const groups = overDraws(draw, (drawn) => evaluate(packet, node, drawn), keyOf);
    const branches = groups.flatMap(({ result, draws }): Branch[] => {
      const share = draw ? draws / draw.count : 1;
      const words = draw && groups.length > 1 ? chanceText(draw.word, draws, draw.count) : '';
      if (result === null) return [{ text: words, chance: share, result: false }];
      if (typeof result === 'string') {
        doubt(scope, node, `${result}: taken as no match`);
        return [{ text: words, chance: share, result: false }];
      }
      return picks(kind, result, packet, flags, scope, node).map((pick) => ({
        text: [words, pick.text].filter(Boolean).join(', '),
        chance: share * pick.chance,
        result: pick.result,
      }));
    });
    return branches.length === 1 ? branches[0]!.result : branches;
  });
}

type Outcome = Target | string | null;

function keyOf(outcome: Outcome): string {
  if (outcome === null || typeof outcome === 'string') return String(outcome);
  const { address, port } = outcome;
  return [address?.low, address?.high, port?.low, port?.high].join(' ');
}

interface Source {
  of: TargetOf;
  draw: Draw | null;
  assumes: string | null;
}

const SAME: Target = { family: null, address: null, port: null };

const fixed = (target: Target | string): Source => ({ of: () => target, draw: null, assumes: null });

/** A constant, or what a map gives: an address, a range, a prefix, each with a port or none. */
function compileTarget(value: unknown, scope: Scope): Source {
  if (value === undefined || value === null) return fixed(SAME);
  const [kind, body] = kindOf(value) ?? [];
  if (kind !== 'map')
    return fixed(parseTarget(value) ?? `${JSON.stringify(value)} is no address that is modelled`);
  const fields = record(body);
  const key = compileExpression(fields?.key, scope);
  const found = findElements(fields?.data, key.types, scope, 'translation', parseTarget);
  if (!found) return fixed('its map is not in the listing');
  const { table } = found;
  return {
    of: (packet, node, draw) => {
      const values = key.read(packet, node, draw);
      if (values === null) return null;
      if (values.includes(UNKNOWN)) return table.mayHave(values) ? key.unsure : null;
      return (
        table.find(values as Atom[]) ?? (table.unread > 0 ? 'an element of its map cannot be read' : null)
      );
    },
    draw: key.draw,
    assumes: key.assumes ?? assumption(found),
  };
}

function parseTarget(value: unknown): Target | null {
  const kind = kindOf(value);
  const [address, port] = kind?.[0] === 'concat' ? list(kind[1]) : [value];
  const four = rangeOf(parsePattern(address, IPV4_ADDRESS));
  const addresses = four ?? rangeOf(parsePattern(address, IPV6_ADDRESS));
  const ports = port === undefined ? null : rangeOf(parsePattern(port, PORT));
  if (!addresses || (port !== undefined && !ports)) return null;
  return { family: four ? 4 : 6, address: addresses, port: ports };
}

function rangeOf(pattern: Pattern | null): Range | null {
  return pattern?.kind === 'range' ? { low: pattern.low, high: pattern.high } : null;
}

function compilePort(value: unknown, scope: Scope): Source {
  if (value === undefined || value === null) return fixed(SAME);
  const range = rangeOf(parsePattern(value, PORT));
  if (range) return fixed({ ...SAME, port: range });
  const port: Expression = compileExpression(value, scope, { wanted: PORT });
  return {
    of: (packet, node, draw) => {
      const number = port.read(packet, node, draw)?.[0];
      if (number === undefined) return null;
      return number === UNKNOWN ? port.unsure : { ...SAME, port: { low: number, high: number } };
    },
    draw: port.draw,
    assumes: port.assumes,
  };
}

/** NF_NAT_RANGE_NETMAP: the address keeps its place within the prefix. */
function mapPrefix(kind: NatKind, packet: FilterPacket, target: Target): Target {
  if (!target.address) return target;
  const old = BigInt(addressAtom(kind === 'dnat' ? packet.destination : packet.source));
  const low = BigInt(target.address.low);
  const host = low ^ BigInt(target.address.high);
  const mapped = low | (old & host);
  const atom = packet.family === 4 ? Number(mapped) : mapped;
  return { ...target, address: { low: atom, high: atom } };
}

interface Pick {
  text: string;
  chance: number;
  result: FilterVerdict;
}

/** get_unique_tuple(): one of a range's addresses, by a hash, and one of its ports. */
function picks(
  kind: NatKind,
  { address, port }: Target,
  packet: FilterPacket,
  flags: ReadonlySet<unknown>,
  scope: Scope,
  node: FilterNode,
): Pick[] {
  const addresses = address
    ? among(address, 'address', packet.family, scope, node)
    : [{ text: '', value: null }];
  const ports = portsOf(kind, port, packet, flags, scope, node);
  return addresses.flatMap((a) =>
    ports.map((p) => ({
      text: [a.text, p.text].filter(Boolean).join(', '),
      chance: 1 / (addresses.length * ports.length),
      result: verdictOf(kind, a.value, p.value),
    })),
  );
}

function portsOf(
  kind: NatKind,
  port: Range | null,
  packet: FilterPacket,
  flags: ReadonlySet<unknown>,
  scope: Scope,
  node: FilterNode,
): { text: string; value: number | null }[] {
  const keep = [{ text: '', value: null }];
  if (!port) return keep;
  const now = kind === 'dnat' || kind === 'redirect' ? packet.destinationPort : packet.sourcePort;
  const random = flags.has('random') || flags.has('fully-random');
  // A port that is in the range already is kept, if nobody has it.
  const stays = port.low !== port.high && now !== null && now >= Number(port.low) && now <= Number(port.high);
  if (stays && !random) return keep;
  return among(port, 'port', packet.family, scope, node).map(({ text, value }) => ({
    text,
    value: value === null ? null : Number(value),
  }));
}

/** The members of a range, each as likely. */
function among(
  { low, high }: Range,
  word: string,
  family: 4 | 6,
  scope: Scope,
  node: FilterNode,
): { text: string; value: string | null }[] {
  const write = (value: bigint) =>
    word === 'port' ? value.toString() : atomAddress(family === 4 ? Number(value) : value, family).text;
  const first = BigInt(low);
  const count = BigInt(high) - first + 1n;
  if (count <= 1n) return [{ text: '', value: write(first) }];
  if (count > PICKS) {
    doubt(scope, node, `which ${word} of ${count} is picked is not known: taken as ${write(first)}`);
    return [{ text: '', value: write(first) }];
  }
  return Array.from({ length: Number(count) }, (_, i) => ({
    text: `${word} 1 of ${count}`,
    value: write(first + BigInt(i)),
  }));
}

function verdictOf(kind: NatKind, address: string | null, port: number | null): FilterVerdict {
  if (kind === 'masquerade' || kind === 'redirect') return { kind, port };
  return { kind, address: address === null ? null : canonical(address), port };
}

function canonical(address: string): string {
  return familyOf(address) === null ? address : toAddress(address).text;
}
