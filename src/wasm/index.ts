/** What the tables of one capture's connections offer to JavaScript. One instance of the module is one capture's. */
import { addresses } from './addresses';
import { areBrief } from './briefs';
import { findOpen, isLate, isLateSyn, reopen, setNumber } from './flows';
import { isForeign } from './foreign';
import { frames, internFrame } from './frames';
import { hash } from './hash';
import {
  closeNotes,
  isWanted,
  pass,
  passedCount,
  passedNotes,
  passSyn,
  startFilter,
  wantAsked,
  wantedNotes,
  wantLinked,
  wantNumber,
  wantedAt,
} from './interest';
import { NONE } from './intern-table';
import {
  BUFFER_SIZE,
  CELL_SHIFT,
  FLOW_SHIFT,
  MOST_FLOWS,
  RING_SIZE,
  SCRATCH_SIZE,
  SEGMENT_SHIFT,
} from './layout';
import { noteOrder } from './order';
import { readSegment, Segment } from './read-segment';
import { timeOf } from './read-segments';
import { close, reserveRows, rowsBase, rowsEnd, rowsInUse } from './rows';
import { beginScan, scan, scanFirst, scanLast, scanStopped, scanTouched } from './scan';
import { observe, setInterface } from './segment';
import { servedTotal, servers } from './served';
import { keepWhole, mayLetGo } from './sample';
import { finished, insertFlow, isMiscounted, letGo } from './settlement';
import { cellsBase, cellsEnd, reserveCells, takeCells } from './sightings';
import { allocate, reserve } from './memory';
import { noteRows } from './wanted';
import { wordOf6 } from './word-of-6';

export {
  beginScan,
  cellsBase,
  cellsEnd,
  close,
  closeNotes,
  finished,
  insertFlow,
  internFrame,
  isLate,
  isLateSyn,
  isMiscounted,
  isWanted,
  mayLetGo,
  pass,
  passedCount,
  passSyn,
  reopen,
  rowsBase,
  rowsEnd,
  rowsInUse,
  scan,
  scanFirst,
  scanLast,
  scanStopped,
  scanTouched,
  servedTotal,
  setNumber,
  startFilter,
  takeCells,
  wantAsked,
  wantLinked,
  wantNumber,
  wantedAt,
  wordOf6,
};

/** Sightings that a flow has on the average at the most, before room for them runs out. */
const CELLS_OF_FLOW = 8;

/**
 * Frames, and servers of connections that were let go, that there is room for: one to so many flows, and some for
 * small tables. Of IPv6 addresses there are as many as flows.
 */
const FLOWS_OF_FRAME = 4;
const FEWEST_ROWS = 4096;

/**
 * For each flow that there is room for, besides its row and cells: at the worst, its places in three indexes (64 each),
 * an address (128), and a share of a frame and of a server (192); these grow by doubling, and leave behind what was
 * too small.
 */
const OCTETS_BESIDES = 1024;
/** For what does not depend on them: mostly notes. */
const SPARE_OCTETS: u64 = 192 * 1024 * 1024;

const buffers: usize = allocate(2 * BUFFER_SIZE + SCRATCH_SIZE);

/**
 * Where packets are read into: `BUFFER_SIZE` octets, behind them as many for those that were read elsewhere, and
 * behind those `SCRATCH_SIZE` for single headers and addresses.
 */
export function buffersAt(): usize {
  return buffers;
}

/**
 * Makes room; to be called once, before all else. The memory is not touched before it is needed, and does not grow
 * afterwards.
 *
 * @param flows that may be known at one time
 * @param whole connections up to which all are kept; of more, those that met nothing are counted and let go
 * @returns false where there is not so much memory, or more than `MOST_FLOWS` are asked for
 */
export function setUp(flows: u32, whole: u32): bool {
  if (flows > <u32>MOST_FLOWS) return false;
  const octets = (1 << FLOW_SHIFT) + (CELLS_OF_FLOW << CELL_SHIFT) + OCTETS_BESIDES;
  if (!reserve(<u64>flows * octets + SPARE_OCTETS)) return false;
  addresses.most = flows + FEWEST_ROWS;
  frames.most = flows / FLOWS_OF_FRAME + FEWEST_ROWS;
  servers.most = flows / FLOWS_OF_FRAME + FEWEST_ROWS;
  reserveRows(flows);
  reserveCells(flows * CELLS_OF_FLOW);
  keepWhole(whole);
  return true;
}

/** The number of the IPv6 address at a place; `NONE` where there is no room, and then no flow is begun any more. */
export function internAddress(at: usize): u32 {
  const id = addresses.intern(at);
  if (id === NONE) close();
  return id;
}

export function addressCount(): u32 {
  return addresses.count;
}

export function addressAt(id: u32): usize {
  return addresses.at(id);
}

export function frameCount(): u32 {
  return frames.count;
}

export function frameAt(id: u32): usize {
  return frames.at(id);
}

export function serverCount(): u32 {
  return servers.count;
}

export function serverAt(id: u32): usize {
  return servers.at(id);
}

let ring: usize = 0;

/** Where threads put what they have read ahead: `RING_` and `SLOT_` of the layout. */
export function ringAt(): usize {
  if (ring === 0) ring = allocate(RING_SIZE);
  return ring;
}

const single = changetype<Segment>(allocate(1 << SEGMENT_SHIFT));

/** Takes in one packet; false where it is not plain, and then nothing has changed. */
export function observePacket(
  start: usize,
  end: usize,
  linkType: u32,
  index: u32,
  seconds: u32,
  nanoseconds: u32,
  number: u32,
): bool {
  if (!readSegment(single, start, end, linkType)) return false;
  single.seconds = seconds;
  single.nanoseconds = nanoseconds;
  single.isForeign = isForeign(single);
  noteTime(seconds, nanoseconds);
  setInterface(linkType, index);
  return observe(single, number);
}

/** Says when a packet was captured that comes by itself. */
export function noteTime(seconds: u32, nanoseconds: u32): void {
  // Among brief connections, whoever found them has looked at all.
  if (!areBrief()) noteOrder(timeOf(seconds, nanoseconds));
}

/** At the end of the capture. */
export function finish(): void {
  letGo();
  noteRows();
}

/** Where the notes of SYNs that were passed over lie, `NOTE_`; then those of connections that were not. */
export function passedNotesAt(): usize {
  return passedNotes.base;
}

export function passedNoteCount(): u32 {
  return passedNotes.count;
}

export function wantedNotesAt(): usize {
  return wantedNotes.base;
}

export function wantedNoteCount(): u32 {
  return wantedNotes.count;
}

/** There was room for all notes. */
export function arePassedNotesWhole(): bool {
  return !passedNotes.isFull;
}

export function areWantedNotesWhole(): bool {
  return !wantedNotes.isFull;
}

/** The newest open instance of a 5-tuple, -1 where there is none. */
export function findFlow(a: u32, b: u32, ports: u32, transport: u32): i32 {
  return findOpen(hash(a, b, ports), a, b, ports, transport);
}
