import { isCooked } from '../ingest/capture/linktypes.js';
import type { Sighting } from '../model/sighting.js';
import type { Nanoseconds } from '../model/time.js';
import type { CaptureFile } from './capture-points.js';
import type { Aligned } from './causal-order.js';
import type { Observations } from './track/observations.js';

/**
 * Up to when a capture can tell what was not there, by its own clock: to its last packet, or to the first that there
 * was no room for; null where that is not known.
 */
export function toldUntil({ unfollowed }: Observations, lastTime: Nanoseconds | null): Nanoseconds | null {
  if (unfollowed.since === 0) return lastTime;
  const { sinceTime } = unfollowed;
  return lastTime === null || sinceTime === null || lastTime < sinceTime ? lastTime : sinceTime;
}

/** What was captured where, for judging what it means that a packet was not seen. */
export class Coverage {
  readonly #files: readonly CaptureFile[];
  /** Up to when each capture tells; null where it is not known. */
  readonly #lastTimes = new Map<string, Nanoseconds | null>();
  readonly #covered = new Map<string, boolean>();

  /** @param captures with the time up to which each file tells; null where it is not known */
  constructor(captures: readonly { file: CaptureFile; lastTime: Nanoseconds | null }[]) {
    this.#files = captures.map(({ file }) => file);
    // Of a rotated one the files are in order.
    for (const { file, lastTime } of captures) this.#lastTimes.set(file.capture ?? file.file, lastTime);
  }

  /**
   * Whether the capture that saw the packet is known to have gone on after a time.
   *
   * @param after on the first node's clock
   */
  wentOn(sighting: Sighting, after: Nanoseconds | null, aligned: Aligned): boolean {
    const lastTime = this.#lastTimes.get(sighting.point.capture) ?? null;
    if (lastTime === null || after === null) return false;
    const last = aligned({ ...sighting, time: lastTime });
    return last !== null && last > after;
  }

  /** Whether every interface of the namespace that may carry packets was captured. */
  coversNode(node: string, netns: string | null): boolean {
    const key = `${node}\n${netns}`;
    let covered = this.#covered.get(key);
    if (covered === undefined) {
      covered = this.#asksAll(node, netns);
      this.#covered.set(key, covered);
    }
    return covered;
  }

  /** Whether an address is the namespace's own; null where no snapshot lists its addresses. */
  owns(node: string, netns: string | null, address: string): boolean | null {
    const own = this.#files.find(
      (file) => file.node === node && file.netns === netns && file.snapshot?.addresses,
    );
    return own?.snapshot?.addresses?.some((a) => a.address === address) ?? null;
  }

  #asksAll(node: string, netns: string | null): boolean {
    const own = this.#files.filter((file) => file.node === node && file.netns === netns);
    if (own.some(isOfAll)) return true;
    const links = own.find((file) => file.snapshot?.links)?.snapshot?.links;
    if (!links) return false;
    const captured = new Set(own.flatMap((file) => [file.nameHint, ...file.interfaces.map((i) => i.name)]));
    return links
      .filter((link) => link.flags.includes('UP') && !link.flags.includes('LOOPBACK'))
      .every((link) => captured.has(link.name));
  }
}

function isOfAll({ interfaces, nameHint, snapshot }: CaptureFile): boolean {
  const named = (name: string | null) => snapshot?.links?.some((link) => link.name === name) ?? false;
  return (
    interfaces.length > 0 &&
    interfaces.every(
      ({ linkType, name, filter }) =>
        isCooked(linkType) && filter === null && (name === null || name === 'any') && !named(nameHint),
    )
  );
}
