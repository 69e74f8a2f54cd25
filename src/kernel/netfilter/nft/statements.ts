/** The kinds of statements: a row each. */

import type { Step } from '../rule-set.js';
import { compileExpression } from './expressions.js';
import { kindOf, list, record, text } from './json.js';
import { compileMangle } from './mangle.js';
import { compileMatch } from './match.js';
import { compileNat } from './nat.js';
import { doubt, type Scope } from './scope.js';
import { effect, effectBefore, match, NEUTRAL, RANK, type Statement } from './statement.js';
import { compileReject, compileVerdict } from './verdict.js';
import { compileVmap } from './vmap.js';

type Compile = (body: unknown, scope: Scope) => Statement;

const neutral: Compile = () => NEUTRAL;
const verdict =
  (kind: string): Compile =>
  (body, scope) =>
    compileVerdict(kind, body, scope);

const KINDS: Readonly<Record<string, Compile>> = {
  match: compileMatch,
  accept: verdict('accept'),
  drop: verdict('drop'),
  continue: verdict('continue'),
  return: verdict('return'),
  jump: verdict('jump'),
  goto: verdict('goto'),
  queue: verdict('queue'),
  reject: (body) => compileReject(body),
  vmap: compileVmap,
  mangle: compileMangle,
  dnat: (body, scope) => compileNat('dnat', body, scope),
  snat: (body, scope) => compileNat('snat', body, scope),
  masquerade: (body, scope) => compileNat('masquerade', body, scope),
  redirect: (body, scope) => compileNat('redirect', body, scope),
  notrack: () => effectBefore(notrack),
  fwd: () => effect(() => ({ kind: 'stolen' })),
  synproxy: () => effect((packet) => (packet.protocol === 'tcp' ? { kind: 'stolen' } : false)),
  tproxy: compileTproxy,
  limit: (body, scope) => rated('limit', body, scope),
  quota: (body, scope) => rated('quota', body, scope),
  'ct count': (body, scope) => within('the number of connections', record(body)?.inv, scope),
  set: compileSetUpdate,
  map: compileSetUpdate,
  meter: compileMeter,
  xt: compileXt,
  counter: neutral,
  log: neutral,
  last: neutral,
  comment: neutral,
  dup: neutral,
  // What is offloaded goes past the rules from its next packet on, as it would have gone through them.
  flow: neutral,
  'ct helper': neutral,
  'ct timeout': neutral,
  'ct expectation': neutral,
  secmark: neutral,
  unread: (body, scope) => ({ ...unknown(`"${text(body) ?? '?'}" cannot be read`, scope), kind: 'unknown' }),
};

/** `{"match": {…}}`, `{"accept": null}`, or a verdict as a word. Never fails. */
export function compileStatement(value: unknown, scope: Scope): Statement {
  const [kind, body] = typeof value === 'string' ? [value, null] : (kindOf(value) ?? ['?', null]);
  if (Object.hasOwn(KINDS, kind)) return KINDS[kind]!(body, scope);
  return { ...unknown(`"${kind}" is not modelled`, scope), kind: 'unknown' };
}

function unknown(why: string, scope: Scope): Statement {
  const step: Step = (_packet, node) => {
    doubt(scope, node, `${why}: taken as no match`);
    return false;
  };
  return match(step, RANK.unsure);
}

/** nft_notrack_eval() goes on within the rule, which the verdict does not. */
function notrack(rest: readonly Step[]): Step {
  if (rest.length === 0) return () => ({ kind: 'notrack' });
  return (packet) => {
    if (!packet.connection) packet.untracked = true;
    return true;
  };
}

/** A limit that a snapshot does not tell the state of: taken as not reached, which is a match unless it says `over`. */
function within(what: string, over: unknown, scope: Scope): Statement {
  const step: Step = (_packet, node) => {
    doubt(scope, node, `${what} is not known: taken as within the limit`);
    return over !== true;
  };
  return match(step, RANK.unsure);
}

/** `{"limit": {"rate": 10, "per": "second", "inv": true}}`, or the name of an object. */
function rated(kind: 'limit' | 'quota', body: unknown, scope: Scope): Statement {
  const name = text(body);
  const what = kind === 'limit' ? 'the rate' : 'the quota used';
  if (name === null && kindOf(body)?.[0] === 'map') return unknown(`${kind} by a map is not modelled`, scope);
  const fields = record(name === null ? body : scope.objects.get(`${kind} ${name}`));
  return within(what, fields?.inv, scope);
}

/** nft_dynset_eval(): `add @set { ip saddr limit rate over 5/minute }`. */
function compileSetUpdate(body: unknown, scope: Scope): Statement {
  const fields = record(body);
  const inner = kindOf(fields?.elem);
  const key = inner?.[0] === 'elem' ? record(inner[1])?.val : fields?.elem;
  return keyed(key, fields?.stmt, scope);
}

function compileMeter(body: unknown, scope: Scope): Statement {
  const fields = record(body);
  const inner = kindOf(fields?.key);
  return keyed(inner?.[0] === 'elem' ? record(inner[1])?.val : fields?.key, fields?.stmt, scope);
}

/** The rule ends where the packet has no such key, or where a statement of the element does not match. */
function keyed(key: unknown, statements: unknown, scope: Scope): Statement {
  const expression = compileExpression(key, scope);
  const inner = list(statements).map((statement) => compileStatement(statement, scope));
  const steps = inner.filter(({ kind }) => kind === 'match').map(({ step }) => step([]));
  const step: Step = (packet, node) => {
    if (expression.read(packet, node, 0) === null) return false;
    return steps.every((own) => own(packet, node) !== false);
  };
  return match(step, steps.length > 0 ? RANK.unsure : RANK.certain);
}

/** The rule ends where no socket takes the packet; sockets are not in a snapshot. */
function compileTproxy(_body: unknown, scope: Scope): Statement {
  const step: Step = (packet, node) => {
    if (packet.protocol !== 'tcp' && packet.protocol !== 'udp') return false;
    doubt(scope, node, 'whether a proxy listens is not known: taken as it does');
    return true;
  };
  return match(step, RANK.unsure);
}

/** Matches and targets of iptables-nft, of which nft tells a name at most. */
function compileXt(body: unknown, scope: Scope): Statement {
  const name = text(record(body)?.name);
  if (name === 'comment') return NEUTRAL;
  const what = name === null ? 'a part' : `"${name}"`;
  const why = `${what} that iptables-nft wrote can be read in iptables-save.txt alone`;
  return { ...unknown(why, scope), kind: record(body)?.type === 'match' ? 'match' : 'unknown' };
}
