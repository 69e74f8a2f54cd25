/**
 * Which connections that met nothing are kept whole, for findings to set against those that failed; the others are
 * counted and let go. Those that are kept are a fair sample: of each server's, the ones of which enough bits are 0 in a
 * hash of the numbers that all legs share, whenever they came. Each stands for as many as there are for one that is kept.
 */
import { extraLegs } from './flows';
import { hash } from './hash';
import { isFiltering } from './interest';
import { NONE } from './intern-table';
import { KEPT_OF_SERVER, LEGS_OF_CONNECTION, SAMPLE_SHARE } from './layout';
import { isDisordered } from './order';
import { areRowsScarce, rowsInUse } from './rows';
import { countServed, internServer, metOf, servedTotal, servers } from './served';

/** Connections up to which all are kept. */
let keptWhole: u32 = 0;
/** Of those, how many are kept of more. */
let share: u32 = 0;
/** What `bitsFor` gave at the most: legs that leave together let the connections become fewer. */
let most: u32 = 0;
/** There was little room for others: from then on no server's share is larger. */
let isThrifty: bool = false;

/** @param whole connections up to which all are kept; the greatest number: none is ever let go, only put away */
export function keepWhole(whole: u32): void {
  keptWhole = whole;
  share = whole / SAMPLE_SHARE;
}

/** Whether connections that met nothing may be let go, if there are enough. */
export function mayLetGo(): bool {
  return keptWhole !== u32.MAX_VALUE && !isFiltering() && !isDisordered();
}

/** Whether there are so many connections that not all are kept. */
export function lets(): bool {
  if (isDisordered() || keptWhole === u32.MAX_VALUE) return false;
  return connections() > keptWhole || areRowsScarce();
}

/**
 * How many bits of its hash have to be 0 for a connection to be kept: one more as the connections double.
 *
 * @param server that it was for; `NONE` where that is not told by a number: then all are kept
 */
export function bitsFor(server: u32): u32 {
  most = max(most, doublings(share + 1, connections()));
  if (server === NONE) return 0;
  if (areRowsScarce()) isThrifty = true;
  return isThrifty ? most : min(most, doublings(keptOfServer(), metOf(server)));
}

/** @param clientSequence the initial sequence numbers of both ends */
export function isOfSample(bits: u32, clientSequence: u32, serverSequence: u32): bool {
  return bits === 0 || hash(clientSequence, serverSequence, 0) >>> (32 - bits) === 0;
}

/**
 * Whether a connection of one leg that was as it should be is let go, and then counted.
 *
 * @param address the server's, and its port
 * @param clientSequence the initial sequence numbers of both
 */
export function isCounted(
  address: u32,
  port: u32,
  version: u32,
  clientSequence: u32,
  serverSequence: u32,
): bool {
  const server = internServer(address, address, (port << 4) | version);
  if (isOfSample(bitsFor(server), clientSequence, serverSequence)) return false;
  countServed(server);
  return true;
}

/** Fewer where servers are very many: all of them together get as many again as the sample of all. */
function keptOfServer(): u32 {
  if (servers.count <= share / KEPT_OF_SERVER) return KEPT_OF_SERVER;
  return max(1, share / servers.count);
}

/** How many times `unit` has to be doubled to be more than `value`. Without a division: each connection asks twice. */
function doublings(unit: u32, value: u32): u32 {
  const times = max(0, <i32>(bitsOf(value) - bitsOf(unit)));
  return times + <u32>((<u64>unit) << times <= value);
}

function bitsOf(value: u32): u32 {
  return 32 - clz<u32>(value);
}

/** Met so far, each once however many legs NAT made of it. Some clients give all their connections one number. */
function connections(): u32 {
  const rows = rowsInUse();
  return servedTotal() + max(rows - extraLegs(), rows / LEGS_OF_CONNECTION);
}
