/** What the silence of a capture is worth: whether it would have shown a packet. */
import { seenBy } from '../../correlate/overheard.js';
import type { Endpoint, Role } from '../../model/analysis.js';
import type { Sighting } from '../../model/sighting.js';
import { spans } from '../capture-times.js';
import type { Coverage, DiagnosisContext, NodeView } from '../context.js';

/** The servers that a capture shows packets of, under the addresses that they have there. */
interface Shown {
  endpoints: Set<string>;
  addresses: Set<string>;
  ports: Set<number | null>;
  /** Sightings of what clients sent, and of what came back. */
  sent: number;
  back: number;
}

const SEEN = new WeakMap<DiagnosisContext, Map<string, Shown>>();

/**
 * Whether a packet on the interface would have been captured for certain.
 *
 * A capture's filter is not in its file. One that shows packets of the same server would have shown this one; so
 * would one that shows several addresses and several ports, which is filtered by neither. One that shows nothing but
 * what clients sent may be filtered to one direction: of replies its silence says nothing.
 *
 * @param server the end of the packet that is the server's, as it would have it there
 * @param beside packets that were seen when it would have passed; one of them is enough
 */
export function isVisible(
  node: NodeView,
  name: string,
  { role, server }: { role: Role; server: Endpoint },
  beside: readonly Sighting[],
  context: DiagnosisContext,
): boolean {
  return node.captures.some((capture) => {
    if (!isRunning(capture, name, beside, context)) return false;
    const shown = seenIn(context).get(capture.capture);
    if (!shown) return false;
    if (role === 'reply' && shown.back === 0 && capture.packets <= shown.sent) return false;
    if (shown.endpoints.has(labelOf(server))) return true;
    return shown.addresses.size > 1 && shown.ports.size > 1;
  });
}

/**
 * Whether a packet on the interface would most likely have been captured: by a filter that shows the server under
 * another port, or another server under the same one. A filter for both hides it, as it would one for a VIP.
 */
export function isLikelyVisible(
  node: NodeView,
  name: string,
  server: Endpoint,
  beside: readonly Sighting[],
  context: DiagnosisContext,
): boolean {
  if (isVisible(node, name, { role: 'request', server }, beside, context)) return true;
  return node.captures.some((capture) => {
    if (!isRunning(capture, name, beside, context)) return false;
    const shown = seenIn(context).get(capture.capture);
    return shown !== undefined && (shown.addresses.has(server.address) || shown.ports.has(server.port));
  });
}

/** Whether a capture that lost nothing was listening on the interface when one of the packets was seen. */
export function isRunning(
  capture: Coverage,
  name: string,
  beside: readonly Sighting[],
  { clocks }: DiagnosisContext,
): boolean {
  const { interfaces, dropped } = capture;
  if (interfaces !== null && !interfaces.includes(name)) return false;
  return (dropped ?? 0) === 0 && spans(capture, beside, clocks);
}

function seenIn(context: DiagnosisContext): Map<string, Shown> {
  let files = SEEN.get(context);
  if (files) return files;
  files = new Map();
  SEEN.set(context, files);
  for (const { traces, others } of context.attempts) {
    for (const trace of traces) {
      for (const sighting of seenBy(trace)) note(files, sighting, trace.role === 'request');
    }
    for (const sighting of others) {
      // An error comes from the other side than what it quotes.
      count(shownIn(files, sighting.point.capture), sighting.fromClient !== (sighting.icmp !== null));
    }
  }
  return files;
}

function note(files: Map<string, Shown>, sighting: Sighting, toServer: boolean): void {
  const shown = shownIn(files, sighting.point.capture);
  const server = toServer ? sighting.destination : sighting.source;
  shown.endpoints.add(labelOf(server));
  shown.addresses.add(server.address);
  shown.ports.add(server.port);
  count(shown, toServer);
}

function shownIn(files: Map<string, Shown>, capture: string): Shown {
  let shown = files.get(capture);
  if (!shown) {
    shown = { endpoints: new Set(), addresses: new Set(), ports: new Set(), sent: 0, back: 0 };
    files.set(capture, shown);
  }
  return shown;
}

function count(shown: Shown, toServer: boolean): void {
  if (toServer) shown.sent++;
  else shown.back++;
}

function labelOf({ address, port }: Endpoint): string {
  return `${address} ${port}`;
}
