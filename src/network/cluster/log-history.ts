/** Who announced a service by the speakers' logs, and when that changed. */
import { speakerNode } from '../../ingest/kube/announcements.js';
import type { MetalLB } from '../../ingest/kube/metallb.js';
import type { SpeakerEvent, SpeakerLog } from '../../model/snapshot.js';
import type { Nanoseconds } from '../../model/time.js';

export interface LoggedAnnouncer {
  /** `pod NAME` where it is not known on which node the speaker runs. */
  node: string;
  protocol: 'layer2' | 'bgp';
  /** Lines that say so: a speaker says it whenever it looks at the service. */
  count: number;
  firstTime: Nanoseconds | null;
  lastTime: Nanoseconds | null;
  /** Whether the last that its log says of it is that it announces. */
  lastWord: boolean;
}

/** From one node to another, in layer 2. */
export interface HandOver {
  time: Nanoseconds;
  from: string;
  to: string;
}

export interface LogHistory {
  announcers: LoggedAnnouncer[];
  handOvers: HandOver[];
}

interface Told {
  node: string;
  event: SpeakerEvent;
}

/** @param services whose the VIP is, as `NAMESPACE/NAME` */
export function logHistory(
  logs: readonly SpeakerLog[],
  metallb: MetalLB,
  services: ReadonlySet<string>,
  vip: string,
): LogHistory {
  const told = logs.flatMap((log): Told[] => {
    const node = speakerNode(log, metallb) ?? `pod ${log.pod ?? log.file.replace(/^.*[/:]|\.log$/g, '')}`;
    return log.events.filter((event) => concerns(event, services, vip)).map((event) => ({ node, event }));
  });
  return { announcers: announcersIn(told), handOvers: handOversIn(told) };
}

/** A withdrawal may name no address. */
function concerns({ service, addresses }: SpeakerEvent, services: ReadonlySet<string>, vip: string): boolean {
  return services.has(service) && (addresses.length === 0 || addresses.includes(vip));
}

function announcersIn(told: readonly Told[]): LoggedAnnouncer[] {
  const found = new Map<string, LoggedAnnouncer>();
  for (const { node, event } of told) {
    if (event.kind === 'withdrawn') {
      for (const announcer of found.values()) if (announcer.node === node) announcer.lastWord = false;
      continue;
    }
    const protocol = event.protocol === 'bgp' ? 'bgp' : 'layer2';
    const known = found.get(`${node} ${protocol}`);
    const announcer = known ?? {
      ...{ node, protocol, count: 0, firstTime: event.time, lastTime: event.lastTime, lastWord: true },
    };
    announcer.count += event.times;
    announcer.lastTime = event.lastTime ?? announcer.lastTime;
    announcer.lastWord = true;
    found.set(`${node} ${protocol}`, announcer);
  }
  return [...found.values()];
}

/** By the times of their beginnings alone: the old owner may have died without a word. */
function handOversIn(told: readonly Told[]): HandOver[] {
  const begun = told
    .filter(({ event }) => event.kind === 'announced' && event.protocol !== 'bgp' && event.time !== null)
    .sort((a, b) => Number(a.event.time! - b.event.time!));
  return begun.slice(1).flatMap(({ node, event }, i) => {
    const from = begun[i]!.node;
    return from === node ? [] : [{ time: event.time!, from, to: node }];
  });
}
