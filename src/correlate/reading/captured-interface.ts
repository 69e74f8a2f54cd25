/** Which of a node's links a capture is of, where neither the capture nor its name says so in so many words. */

import { captureStem, interfaceHint } from '../../ingest/bundle-path.js';
import { LinkType } from '../../ingest/capture/linktypes.js';
import { isGroupMac } from '../../model/group-mac.js';
import type { Link } from '../../model/snapshot.js';
import { FRAME_SHIFT } from '../../wasm/layout.js';
import { describeFrame } from '../track/frame.js';
import type { Observations } from '../track/observations.js';
import { Rows } from '../track/rows.js';
import type { CaptureResult } from './inputs.js';

/**
 * The link that an Ethernet capture of one unnamed interface is of: the one that its file is named after, else the one
 * that its name has for a word (`node1_eth0`), else the one whose MAC all its frames bear.
 *
 * @param stem of the file's name, among those that were given together
 * @returns the name that the file has by itself where nothing tells, or the node's links are not known
 */
export function capturedInterface({ file, observations }: CaptureResult, stem: string): string | null {
  const { interfaces } = file;
  const isNumbered = stem !== captureStem(file.file);
  const nameHint = file.nameHint !== null && isNumbered ? interfaceHint(stem, false) : file.nameHint;
  const links = file.snapshot?.links;
  const [only, ...others] = interfaces;
  if (!links || others.length > 0 || only?.linkType !== LinkType.ETHERNET || only.name !== null)
    return nameHint;
  const named = [stem, nameHint].find((told) => links.some(({ name }) => name === told));
  return named ?? linkInName(stem, links) ?? linkByMac(observations, links) ?? nameHint;
}

/** Null where the words of a name are those of no link, or of several. */
function linkInName(stem: string, links: readonly Link[]): string | null {
  const found = links.filter(({ name }) => {
    const at = stem.lastIndexOf(name);
    const around = [stem[at - 1], stem[at + name.length]];
    return at >= 0 && around.every((letter) => letter === undefined || /[-_:@+ ]/.test(letter));
  });
  return found.length === 1 ? found[0]!.name : null;
}

/**
 * What passes a bridge's port bears the bridge's MAC and the peer's, so that neither is told by it; nor are links that
 * share a MAC (a VLAN's, a bond's).
 */
function linkByMac({ frames, encapsulations }: Observations, links: readonly Link[]): string | null {
  const own = links.filter(
    ({ mac, kind, master, flags }) =>
      mac !== null && kind !== 'bridge' && master === null && !flags.includes('LOOPBACK'),
  );
  const rows = new Rows(frames, FRAME_SHIFT);
  const fitting = new Map(own.map((link) => [link.mac!, link.name]));
  for (const [mac] of fitting) if (links.filter((link) => link.mac === mac).length > 1) fitting.delete(mac);
  let isTold = false;
  for (let id = 0; id < rows.length; id++) {
    const { etherSource, etherDestination } = describeFrame(rows, encapsulations, id);
    if (etherDestination === null || isGroupMac(etherDestination)) continue;
    isTold = true;
    for (const mac of fitting.keys())
      if (mac !== etherSource && mac !== etherDestination) fitting.delete(mac);
  }
  return isTold && fitting.size === 1 ? [...fitting.values()][0]! : null;
}
