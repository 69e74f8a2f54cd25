/** What a capture holds, as `inspect` tells it. */
import { interfaceHint } from './ingest/bundle-path.js';
import { parseInterfaceName } from './ingest/capture/interface-name.js';
import { isCooked, linkTypeName } from './ingest/capture/linktypes.js';
import { readCapture } from './ingest/capture/reader.js';
import type { CaptureInterface, PacketRecord } from './ingest/capture/record.js';
import type { InputItem } from './ingest/items.js';
import type { InputSpecification } from './ingest/specification.js';
import type { InspectedCapture } from './model/inspection.js';
import { timeText } from './model/time.js';

/** What is told of a capture before its node has a name, unless its interfaces name one. */
export interface NodeCapture extends Omit<InspectedCapture, 'node'> {
  node: string | null;
}

/** Counts packets, and looks into none. One of several nodes is told node by node. */
export async function inspectCapture(
  { chunks, ...place }: InputItem & { kind: 'capture' },
  input: InputSpecification,
): Promise<NodeCapture[]> {
  const counts: number[] = [];
  const count = ({ interface: { index } }: PacketRecord) => {
    counts[index] = (counts[index] ?? 0) + 1;
  };
  const summary = await readCapture(chunks, place.file, count, { keepGoing: true });
  const isBare = place.file === input.path || input.path === '-';
  const hint = interfaceHint(place.name, isBare && input.node === null);
  const { dropped, truncated, error } = summary;
  return byNode(summary.interfaces).map(({ node, netns, interfaces }) => ({
    node: node === null ? null : (input.node ?? node),
    netns: node === null ? (place.netns ?? input.netns) : (input.netns ?? netns),
    file: place.file,
    linkType: [...new Set(interfaces.map((one) => linkTypeName(one.linkType)))].join(', '),
    interfaces: interfaceNames(interfaces, node === null ? hint : null),
    packets: interfaces.reduce((sum, { index }) => sum + (counts[index] ?? 0), 0),
    ...{ dropped, truncated },
    firstTime: timeText(summary.firstTime),
    lastTime: timeText(summary.lastTime),
    error: error?.message ?? null,
  }));
}

interface NodeInterfaces {
  /** Null where the interfaces' names tell none. */
  node: string | null;
  netns: string | null;
  interfaces: CaptureInterface[];
}

function byNode(interfaces: readonly CaptureInterface[]): NodeInterfaces[] {
  const found = new Map<string, NodeInterfaces>();
  for (const described of interfaces) {
    const place = parseInterfaceName(described.name);
    const { node = null, netns = null } = place ?? {};
    const key = JSON.stringify([node, netns]);
    const own = found.get(key) ?? { node, netns, interfaces: [] };
    own.interfaces.push(place ? { ...described, name: place.interface } : described);
    found.set(key, own);
  }
  return found.size > 0 ? [...found.values()] : [{ node: null, netns: null, interfaces: [] }];
}

function interfaceNames(interfaces: readonly CaptureInterface[], hint: string | null): string[] | null {
  const unnamed = interfaces.filter(({ name }) => name === null || name === 'any');
  if (unnamed.some(({ linkType }) => isCooked(linkType))) return null;
  return [...new Set(interfaces.map(({ name }) => name ?? hint ?? ''))];
}
