/** Port scans: that most of what they try is closed or filtered is what they are made to find out. */
import type { Attempt } from '../correlate/attempt.js';
import type { CauseId, Finding } from '../model/analysis.js';
import { entryOf } from '../model/nested-maps.js';
import { listed } from './words.js';

/** What stands in a scan's way by design; anything else loses a client's connections as well. */
const MET_BY_SCANS: ReadonlySet<CauseId> = new Set<CauseId>([
  'refused',
  'filtered',
  'backend-silent',
  // A port of a VIP that no rule translates is routed back to its link, where no kernel has the address.
  'not-delivered',
  'undetermined',
]);

/** More ports of one server than one client has a use for. */
const FEWEST_PORTS = 10;

/** A scan tries a port once or twice, a client that needs it goes on asking. */
const MOST_ATTEMPTS = 2;
const MOST_TRIES = 3;

/** Findings whose clients are looked at by themselves; with more of them, to look for all scans at once takes less. */
const MOST_LOOKS = 4;

const PROTOCOLS = { tcp: 0, udp: 1, icmp: 2 };

const LOOKS = new WeakMap<readonly Attempt[], number>();
const KNOWN = new WeakMap<readonly Attempt[], Scans>();

/**
 * A finding with no fault in it where all that it is about is port scans.
 *
 * @param attempts the finding's own
 * @param all the attempts of the same analysis
 */
export function withoutScans(
  finding: Omit<Finding, 'id'>,
  attempts: readonly Attempt[],
  all: readonly Attempt[],
): Omit<Finding, 'id'> {
  if (finding.severity !== 'fault' || !isScan(finding.cause, attempts, all)) return finding;
  const clients = new Set(attempts.map(({ client }) => client.address));
  const who = clients.size === 1 ? 'One client' : `Each of ${clients.size} clients`;
  const why = `${who} (${listed([...clients])}) went through ${FEWEST_PORTS} ports of one server or more, each but once or twice: it looks like a port scan, and no service is known to be lost.`;
  return { ...finding, severity: 'info', summary: `${finding.summary} ${why}` };
}

/** Whether all of the attempts, which are of one cause, are of port scans. */
export function isScan(cause: CauseId, attempts: readonly Attempt[], all: readonly Attempt[]): boolean {
  if (!MET_BY_SCANS.has(cause)) return false;
  const looks = LOOKS.get(all) ?? 0;
  LOOKS.set(all, looks + 1);
  if (looks < MOST_LOOKS && !mayBeScan(attempts[0]!, all)) return false;
  const scans = scansIn(all);
  return attempts.every((attempt) => scans.has(attempt));
}

function scansIn(all: readonly Attempt[]): Scans {
  let scans = KNOWN.get(all);
  if (!scans) {
    scans = new Scans(all);
    KNOWN.set(all, scans);
  }
  return scans;
}

/** The ports that one client tried of many. */
class Scans {
  /** How often each port was asked, by client and server. */
  readonly #asked = new Map<string, Map<string, Map<number, number>>>();

  constructor(all: readonly Attempt[]) {
    for (const attempt of all) {
      if (!isTried(attempt)) continue;
      const { tries, client, server } = attempt;
      const servers = entryOf(this.#asked, client.address);
      const ports = entryOf(servers, server.address);
      const key = portKey(attempt);
      ports.set(key, (ports.get(key) ?? 0) + (tries > MOST_TRIES ? MOST_ATTEMPTS + 1 : 1));
    }
    for (const servers of this.#asked.values()) {
      for (const ports of servers.values()) {
        for (const [port, asked] of ports) if (asked > MOST_ATTEMPTS) ports.delete(port);
      }
    }
  }

  has(attempt: Attempt): boolean {
    const { client, server } = attempt;
    const ports = this.#asked.get(client.address)?.get(server.address);
    return ports !== undefined && ports.size >= FEWEST_PORTS && ports.has(portKey(attempt));
  }
}

function isTried({ outcome, server }: Attempt): boolean {
  return outcome !== 'established' && outcome !== 'midstream' && server.port !== null;
}

/** Whether its client went through as many ports of its server; most have not, which is told at once. */
function mayBeScan({ client, server }: Attempt, all: readonly Attempt[]): boolean {
  const ports = new Set<number>();
  for (const attempt of all) {
    if (attempt.server.address !== server.address || attempt.client.address !== client.address) continue;
    if (isTried(attempt)) ports.add(portKey(attempt));
  }
  return ports.size >= FEWEST_PORTS;
}

/** A number for the port and protocol of an attempt's server, which is made much faster than a text. */
function portKey({ protocol, server }: Attempt): number {
  return (server.port ?? -1) * 4 + PROTOCOLS[protocol];
}
