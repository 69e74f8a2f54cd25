/** What returnpath's own recorder notes in node.json of how it recorded. */
export interface Recorder {
  /** It came to its end: what was to be recorded is whole. */
  hasEnded: boolean;
  /** By the stem of the captures' files. */
  captures: ReadonlyMap<string, RecordedCapture>;
  interruptions: RecordedInterruption[];
}

/** Something was not captured meanwhile. */
export interface RecordedInterruption {
  /** Null: on no interface anything was. */
  interface: string | null;
  /** RFC 3339. */
  from: string;
  /** Null: to the end. */
  until: string | null;
  /** A clause. */
  why: string;
}

export interface RecordedCapture {
  /** `tcpdump`; `cap` for libpcap in a process of returnpath's own. */
  engine: string;
  /** Packets that the kernel could not hand over; null where nobody counted them. */
  dropped: number | null;
}

/** Reads node.json for it; null where another hand wrote it, and where it is no JSON. */
export function readRecorder(bytes: Uint8Array): Recorder | null {
  let told: unknown;
  try {
    told = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
  const { recorder, ended, captures, interruptions } = (told ?? {}) as Record<string, unknown>;
  if (typeof recorder !== 'string') return null;
  const read = new Map<string, RecordedCapture>();
  for (const entry of Array.isArray(captures) ? captures : []) {
    const { name, engine, dropped } = (entry ?? {}) as Record<string, unknown>;
    if (typeof name !== 'string' || typeof engine !== 'string') continue;
    const count =
      typeof dropped === 'number' && Number.isSafeInteger(dropped) && dropped >= 0 ? dropped : null;
    read.set(name, { engine, dropped: count });
  }
  return {
    hasEnded: typeof ended === 'string',
    captures: read,
    interruptions: Array.isArray(interruptions) ? interruptions.flatMap(readInterruption) : [],
  };
}

function readInterruption(told: unknown): RecordedInterruption[] {
  const { interface: name, from, until, why } = (told ?? {}) as Record<string, unknown>;
  if (!isTime(from) || typeof why !== 'string') return [];
  return [
    { interface: typeof name === 'string' ? name : null, from, until: isTime(until) ? until : null, why },
  ];
}

function isTime(told: unknown): told is string {
  return typeof told === 'string' && !Number.isNaN(Date.parse(told));
}
