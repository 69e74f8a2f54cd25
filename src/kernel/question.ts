import { type Family, familyOf } from '../model/address.js';
import type { PacketDetails } from './flow.js';
import type { KernelModel } from './model.js';
import { PROTOCOLS, protocolNumber } from './protocols.js';
import type { QuestionField } from './question-fields.js';
import type { Verdict } from './verdict.js';

/** A question to a node's routing, as `ip route get` takes it. */
export interface RouteQuestion extends PacketDetails {
  to: string;
  /** Null: of what the node sends, the kernel chooses it. */
  from: string | null;
  /** The interface that the packet came in by; null where the node itself sends it. */
  iif: string | null;
  /** The device that the sender is bound to. */
  oif: string | null;
  uid?: number;
}

/** @returns the error that names the field where the user wrote it */
export type Refuse = (field: QuestionField, reason: string) => Error;

const U32 = 0xffffffff;
const U16 = 0xffff;
const U8 = 0xff;

/** @throws what `refuse` makes of a field that cannot be taken, or of `to` where it is missing */
export function readQuestion(
  fields: Readonly<Partial<Record<QuestionField, unknown>>>,
  refuse: Refuse,
): RouteQuestion {
  const { to, from, iif, oif } = fields;
  if (!isGiven(to)) throw refuse('to', 'is missing: the address that the packet goes to');
  const family = addressFamily(to, 'to', refuse);
  const question: RouteQuestion = { to: to as string, from: null, iif: null, oif: null };
  if (isGiven(from)) {
    if (addressFamily(from, 'from', refuse) !== family) {
      throw refuse('from', `is of the other family than "to": ${from} and ${to}`);
    }
    question.from = from as string;
  }
  if (isGiven(iif)) question.iif = deviceName(iif, 'iif', refuse);
  if (isGiven(oif)) {
    if (question.iif !== null)
      throw refuse('oif', 'is of what the node sends, "iif" of what came in: give one');
    question.oif = deviceName(oif, 'oif', refuse);
  }
  if (isGiven(fields.mark)) question.mark = wholeNumber(fields.mark, 'mark', U32, refuse);
  if (isGiven(fields.tos)) question.tos = wholeNumber(fields.tos, 'tos', U8, refuse);
  if (isGiven(fields.protocol)) question.protocol = protocolName(fields.protocol, refuse);
  if (isGiven(fields.sport)) question.sourcePort = wholeNumber(fields.sport, 'sport', U16, refuse);
  if (isGiven(fields.dport)) question.destinationPort = wholeNumber(fields.dport, 'dport', U16, refuse);
  if (isGiven(fields.uid)) question.uid = wholeNumber(fields.uid, 'uid', U32, refuse);
  return question;
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function addressFamily(value: unknown, field: QuestionField, refuse: Refuse): Family {
  const family = typeof value === 'string' ? familyOf(value) : null;
  if (family === null) throw refuse(field, `is no IPv4 or IPv6 address: ${JSON.stringify(value)}`);
  return family;
}

function deviceName(value: unknown, field: QuestionField, refuse: Refuse): string {
  if (typeof value === 'string' && value !== '') return value;
  throw refuse(field, `is no interface's name: ${JSON.stringify(value)}`);
}

/** A number, or its decimal or `0x` hexadecimal text. */
function wholeNumber(value: unknown, field: QuestionField, largest: number, refuse: Refuse): number {
  const number = typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value) ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= largest) {
    return number;
  }
  throw refuse(field, `is no whole number from 0 to ${largest}: ${JSON.stringify(value)}`);
}

/** A name that nobody knows would match no rule, and the answer be of another packet than was meant. */
function protocolName(value: unknown, refuse: Refuse): string {
  const number = typeof value === 'string' ? protocolNumber(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= U8) {
    return String(value).toLowerCase();
  }
  const names = Object.keys(PROTOCOLS).join(', ');
  throw refuse(
    'protocol',
    `is no protocol's name or number from 0 to ${U8}: ${JSON.stringify(value)}; the names are ${names}`,
  );
}

/**
 * Asks the model.
 *
 * @param refuse as in {@link readQuestion}: also of an interface that the node does not have, where its links are known
 */
export function askRoute(model: KernelModel, question: RouteQuestion, refuse: Refuse): Verdict {
  const { to, from, iif, oif } = question;
  if (iif !== null) requireDevice(model, iif, 'iif', refuse);
  if (oif !== null) requireDevice(model, oif, 'oif', refuse);
  const { mark, tos, protocol, sourcePort, destinationPort, uid } = question;
  // Written out: spreading took longer than the rest of the answer.
  if (iif === null) {
    return model.output({
      source: from,
      destination: to,
      oif: oif ?? undefined,
      mark,
      tos,
      protocol,
      sourcePort,
      destinationPort,
      uid,
    });
  }
  // As `ip route get TO iif DEV` does.
  const source = from ?? (to.includes(':') ? '::' : '0.0.0.0');
  return model.input({
    source,
    destination: to,
    interface: iif,
    mark,
    tos,
    protocol,
    sourcePort,
    destinationPort,
  });
}

function requireDevice(model: KernelModel, name: string, field: QuestionField, refuse: Refuse): void {
  if (model.snapshot.links === null || model.link(name)) return;
  throw refuse(field, `${JSON.stringify(name)} is no interface of the node, as its links were recorded`);
}
