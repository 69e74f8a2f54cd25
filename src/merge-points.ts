/** The capture points of a merged file: an interface block for each interface of each node. */
import type { CaptureResult } from './correlate/reading/inputs.js';
import { interfaceNameOf } from './ingest/capture/interface-name.js';
import { interfaceNumbersText, withoutInterfaceNumbers } from './ingest/capture/interface-numbers.js';
import { isCooked, LinkType } from './ingest/capture/linktypes.js';
import type { WrittenInterface } from './ingest/capture/pcapng-writer.js';
import type { CaptureInterface } from './ingest/capture/record.js';

export interface MergedPoint extends WrittenInterface {
  received: number | null;
  dropped: number | null;
  /** Several captures were of it, that may hold the same packets. */
  isShared: boolean;
}

/** The interface blocks, and which of them a capture's interface is. */
export class MergedPoints {
  readonly points: MergedPoint[] = [];
  readonly #ids = new Map<string, number>();
  readonly #captures: string[] = [];

  constructor(captures: readonly CaptureResult[]) {
    for (const { file, summary } of captures) {
      for (const described of summary.interfaces) this.#add({ file, described });
    }
  }

  /** @returns the number of the block */
  idOf(file: CaptureResult['file'], described: CaptureInterface): number {
    return this.#ids.get(keyOf(file, described))!;
  }

  #add({ file, described }: { file: CaptureResult['file']; described: CaptureInterface }): void {
    const key = keyOf(file, described);
    const capture = file.capture ?? file.file;
    const known = this.#ids.get(key);
    if (known !== undefined) {
      const point = this.points[known]!;
      point.received = sum(point.received, described.received);
      point.dropped = sum(point.dropped, described.dropped);
      point.snapLength = Math.max(point.snapLength, described.snapLength);
      point.isShared ||= this.#captures[known] !== capture;
      return;
    }
    this.#ids.set(key, this.points.length);
    this.#captures.push(capture);
    const { linkType, snapLength, filter, received, dropped } = described;
    this.points.push({
      name: nameOf(file, described),
      description: descriptionOf(file, described),
      filter,
      linkType,
      mac: macOf(file, described),
      snapLength,
      received,
      dropped,
      isShared: false,
    });
  }
}

function keyOf(file: CaptureResult['file'], described: CaptureInterface): string {
  return [nameOf(file, described), described.linkType, described.filter].join('\n');
}

function nameOf(file: CaptureResult['file'], described: CaptureInterface): string {
  return interfaceNameOf({ node: file.node, netns: file.netns, interface: interfaceOf(file, described) });
}

/** As `analyze` takes it; null where nothing tells. */
function interfaceOf(
  { nameHint, snapshot }: CaptureResult['file'],
  { name, linkType }: CaptureInterface,
): string | null {
  if (name !== null) return name;
  if (!isCooked(linkType)) return nameHint === 'any' ? null : nameHint;
  return snapshot?.links?.some((link) => link.name === nameHint) ? nameHint : 'any';
}

/** Which way an Ethernet frame went is told by the MAC of the interface alone. */
function macOf(file: CaptureResult['file'], described: CaptureInterface): string | null {
  if (described.linkType !== LinkType.ETHERNET) return null;
  const name = interfaceOf(file, described);
  const link = file.snapshot?.links?.find((one) => one.name === name);
  return link?.mac ?? described.mac ?? null;
}

/**
 * A cooked capture of all interfaces stays one: that nothing was seen on any of them tells as much as what was. Its
 * packets have their interfaces' numbers, of which the names are given here.
 */
function descriptionOf({ snapshot, file }: CaptureResult['file'], described: CaptureInterface): string {
  const name = file.split(/[/:]/).at(-1)!;
  const own = described.description?.trim() ?? '';
  const numbers =
    described.linkType === LinkType.LINUX_SLL2 && snapshot?.links
      ? interfaceNumbersText(snapshot.links)
      : null;
  // What a merged file lists already is listed once.
  const parts = [numbers === null ? own : withoutInterfaceNumbers(own), name, numbers ?? ''];
  return parts.filter((part) => part !== '').join('; ');
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : a + b;
}
