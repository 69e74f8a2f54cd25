/** Captures that are the same file under two names, or the same packets in two formats. */
import { namesInterface } from '../../ingest/bundle-path.js';
import type { Observations, TableContents } from '../track/observations.js';
import type { CaptureResult, Inputs } from './inputs.js';

/** As people and their desktops name copies. */
const OF_A_COPY = /copy|backup|[-_.]old$|\(\d+\)|\s/i;

const TABLES = [
  'flows',
  'cells',
  'frames',
  'servers',
  'addresses',
] as const satisfies (keyof TableContents)[];

/** Leaves out each capture that holds just what an earlier one does, and says so: every packet counts once. */
export function leaveOutDuplicates(inputs: Inputs): void {
  const kept: CaptureResult[] = [];
  const leftOut: CaptureResult[] = [];
  for (const capture of inputs.captures) {
    const first = kept.find((one) => areSame(one, capture));
    if (!first) {
      kept.push(capture);
      continue;
    }
    leftOut.push(capture);
    const { node, file } = capture.file;
    const whose = first.file.node === node ? '' : ` (${first.file.node}'s)`;
    inputs.problems.push({
      node,
      message: `${file}: holds the same packets as ${first.file.file}${whose}, and each counts once`,
    });
  }
  if (leftOut.length === 0) return;
  inputs.captures = kept;
  const told = new Set([...kept.map(({ file }) => file.node), ...inputs.snapshots.map(({ node }) => node)]);
  const only = new Set(leftOut.map(({ file }) => file.node));
  inputs.nodes = inputs.nodes.filter((node) => told.has(node) || !only.has(node));
}

function areSame(one: CaptureResult, other: CaptureResult): boolean {
  const [a, b] = [one.summary, other.summary];
  return (
    a.packets > 0 &&
    a.packets === b.packets &&
    a.firstTime !== null &&
    a.firstTime === b.firstTime &&
    a.lastTime === b.lastTime &&
    a.interfaces.length === b.interfaces.length &&
    a.interfaces.every(({ linkType }, i) => linkType === b.interfaces[i]!.linkType) &&
    !areOfTwoNodes(one, other) &&
    !areOfTwoInterfaces(one, other) &&
    areEqual(one.observations, other.observations)
  );
}

/** Nodes that both told of themselves are two, however well their clocks agree; a bare file's name may be any. */
function areOfTwoNodes({ file: one }: CaptureResult, { file: other }: CaptureResult): boolean {
  return one.node !== other.node && one.snapshot !== null && other.snapshot !== null;
}

/** What an interface and the one that it is made on (a bond's, a bridge's) see may be alike to the nanosecond. */
function areOfTwoInterfaces(one: CaptureResult, other: CaptureResult): boolean {
  const [a, b] = [interfacesOf(one), interfacesOf(other)];
  return a !== null && b !== null && a !== b;
}

/** Null where nothing tells: a file's name may be any. */
function interfacesOf({ file, summary }: CaptureResult): string | null {
  if (summary.interfaces.some(({ name }) => name !== null))
    return summary.interfaces.map(({ name }) => name).join(' ');
  const { nameHint, snapshot } = file;
  if (nameHint === null) return null;
  const isOne = snapshot?.links
    ? snapshot.links.some((link) => link.name === nameHint)
    : namesInterface(nameHint) && !OF_A_COPY.test(nameHint);
  return isOne ? nameHint : null;
}

/** The same packets leave the same behind. */
function areEqual(one: Observations, other: Observations): boolean {
  return TABLES.every((table) => octetsOf(one[table]).equals(octetsOf(other[table])));
}

function octetsOf({ buffer, byteOffset, byteLength }: Int32Array | Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
