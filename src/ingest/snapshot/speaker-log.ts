import { canonicalAddress } from '../../model/address.js';
import type { SpeakerEvent, SpeakerLog } from '../../model/snapshot.js';
import { type Nanoseconds, parseTime } from '../../model/time.js';
import { isObject } from './json.js';
import { eachLine } from './lines.js';

/** What a line that tells anything has in it; the rest, most of a log, is not parsed. */
const TELLING =
  /"service(?:Announced|Withdrawn)"|"(?:create|delete)(?:ARP|NDP)Responder"|"[nN]ode event|MetalLB speaker starting/;

/** `kubectl logs --prefix`, and the form that stern prints. */
const POD = /^\[pod\/([^/\]]+)\/[^\]]*\] |^(\S+) speaker (?=.*\{)/;

/** `kubectl logs --timestamps`, or the container runtime's own files. */
const STAMP = /\d{4}-\d\d-\d\dT[\d:]{8}(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)/;

const SECOND = 1_000_000_000;
/** A runtime stamps a line when it reads it. */
const RUNTIME_DELAY = 250_000_000;

interface Line {
  fields: Record<string, unknown>;
  time: Nanoseconds | null;
  uncertaintyNs: number;
  number: number;
  text: string;
}

/** One speaker's lines, as they are read. */
class Speaker {
  readonly events: SpeakerEvent[] = [];
  node: string | null = null;
  private started = false;
  /** What is announced now, by service and protocol. */
  private readonly announced = new Map<string, Map<string | null, SpeakerEvent>>();
  private readonly listens = { ARP: new Set<string>(), NDP: new Set<string>() };

  add(line: Line): void {
    const { event, msg, interface: device } = line.fields;
    if (typeof msg === 'string' && msg.startsWith('MetalLB speaker starting')) this.start();
    else if (event === 'serviceAnnounced') this.tell('announced', line);
    else if (event === 'serviceWithdrawn') this.tell('withdrawn', line);
    else if (typeof event === 'string' && typeof device === 'string') this.listen(event, device);
    else if (typeof msg === 'string' && /^node event/i.test(msg)) this.join(line.fields);
  }

  log(file: string, pod: string | null): SpeakerLog {
    const { ARP, NDP } = this.listens;
    return {
      file,
      pod,
      node: this.node,
      events: this.events,
      arpInterfaces: this.started ? [...ARP] : null,
      ndpInterfaces: this.started ? [...NDP] : null,
    };
  }

  private start(): void {
    this.started = true;
    this.node = null;
    this.listens.ARP.clear();
    this.listens.NDP.clear();
  }

  /** memberlist tells of the node itself first, when it is created. */
  private join(fields: Record<string, unknown>): void {
    const name = fields['node name'];
    if (this.started && this.node === null && typeof name === 'string') this.node = name;
  }

  private listen(event: string, device: string): void {
    const [, verb, protocol] = /^(create|delete)(ARP|NDP)Responder$/.exec(event) ?? [];
    const set = protocol === 'ARP' ? this.listens.ARP : this.listens.NDP;
    if (verb === 'create') set.add(device);
    else if (verb === 'delete') set.delete(device);
  }

  /** A speaker says that it announces whenever it looks at a service, so that most lines are repetitions. */
  private tell(kind: SpeakerEvent['kind'], line: Line): void {
    const { service, protocol, reason } = line.fields;
    if (typeof service !== 'string') return;
    const event: SpeakerEvent = {
      kind,
      service,
      addresses: addressesOf(line.fields),
      protocol: typeof protocol === 'string' ? protocol : null,
      reason: typeof reason === 'string' ? reason : null,
      time: line.time,
      lastTime: line.time,
      timeUncertaintyNs: line.uncertaintyNs,
      times: 1,
      line: line.number,
      text: line.text,
    };
    const announced = this.announced.get(service) ?? new Map<string | null, SpeakerEvent>();
    const last = announced.get(event.protocol);
    if (kind === 'announced' && last?.addresses.join() === event.addresses.join()) {
      last.times++;
      last.lastTime = event.lastTime;
      return;
    }
    this.events.push(event);
    // A service is withdrawn from all protocols at once.
    if (kind === 'withdrawn') this.announced.delete(service);
    else this.announced.set(service, announced.set(event.protocol, event));
  }
}

/** `ips` since 0.12, `ip` before it and in withdrawals. */
function addressesOf({ ips, ip }: Record<string, unknown>): string[] {
  const texts = [ips ?? ip].flat();
  return texts.flatMap((text) => (typeof text === 'string' ? (canonicalAddress(text) ?? []) : []));
}

/**
 * Reads `kubectl logs` of MetalLB's speakers: JSON lines, with or without pod and time before them. Of other lines,
 * and of logs of other programs, nothing is kept.
 *
 * @returns one a speaker, in the order of their first lines
 */
export function readSpeakerLogs(text: string, file: string, warn: (message: string) => void): SpeakerLog[] {
  const speakers = new Map<string | null, Speaker>();
  let damaged = 0;
  let number = 0;
  for (const line of eachLine(text)) {
    number++;
    if (!TELLING.test(line)) continue;
    const at = line.indexOf('{');
    const fields = parseFields(at < 0 ? '' : line.slice(at));
    if (!fields) {
      damaged++;
      continue;
    }
    const prefix = line.slice(0, at);
    const named = POD.exec(line);
    const pod = named?.[1] ?? named?.[2] ?? null;
    const speaker = speakers.get(pod) ?? new Speaker();
    speakers.set(pod, speaker);
    speaker.add({ fields, ...placeLine(prefix, fields.ts), number, text: line.slice(at) });
  }
  if (damaged > 0) warn(`${file}: ${damaged} lines of a speaker are no JSON, as if cut; passed over`);
  return [...speakers].map(([pod, speaker]) => speaker.log(file, pod));
}

function parseFields(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function placeLine(prefix: string, ts: unknown): Pick<Line, 'time' | 'uncertaintyNs'> {
  const own = typeof ts === 'string' ? parseTime(ts) : null;
  // Up to 0.11 and in some builds after, it is written to the nanosecond.
  if (own !== null && /\.\d/.test(String(ts))) return { time: own, uncertaintyNs: 0 };
  const stamp = STAMP.exec(prefix);
  const read = stamp && parseTime(stamp[0]);
  if (read) return { time: read - BigInt(RUNTIME_DELAY), uncertaintyNs: RUNTIME_DELAY };
  return { time: own, uncertaintyNs: own === null ? 0 : SECOND };
}
