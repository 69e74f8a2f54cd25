/** Port scans: that most of what they try is closed or filtered is what they are made to find out. */
import type { Attempt } from '../correlate/attempt.js';
import type { CauseId, Finding } from '../model/analysis.js';

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

const KNOWN = new WeakMap<readonly Attempt[], ReadonlySet<string>>();

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
  if (finding.severity !== 'fault' || !MET_BY_SCANS.has(finding.cause)) return finding;
  const scans = scansIn(all);
  if (!attempts.every((attempt) => scans.has(targetKey(attempt)))) return finding;
  const why = `One client went through ${FEWEST_PORTS} ports of one server or more, each but once or twice: it looks like a port scan, and no service is known to be lost.`;
  return { ...finding, severity: 'info', summary: `${finding.summary} ${why}` };
}

/** The ports that one client tried of many. */
function scansIn(all: readonly Attempt[]): ReadonlySet<string> {
  let scans = KNOWN.get(all);
  if (!scans) {
    const pairs = new Map<string, Map<string, number>>();
    for (const attempt of all) {
      const { outcome, tries, client, server } = attempt;
      if (outcome === 'established' || outcome === 'midstream' || server.port === null) continue;
      const pair = `${client.address} ${server.address}`;
      const ports = pairs.get(pair) ?? new Map<string, number>();
      pairs.set(pair, ports);
      const key = targetKey(attempt);
      const asked = tries > MOST_TRIES ? MOST_ATTEMPTS + 1 : 1;
      ports.set(key, (ports.get(key) ?? 0) + asked);
    }
    const tried = [...pairs.values()].map((ports) =>
      [...ports].filter(([, asked]) => asked <= MOST_ATTEMPTS),
    );
    scans = new Set(
      tried.filter((ports) => ports.length >= FEWEST_PORTS).flatMap((ports) => ports.map(([key]) => key)),
    );
    KNOWN.set(all, scans);
  }
  return scans;
}

function targetKey({ protocol, client, server }: Attempt): string {
  return `${protocol} ${client.address} ${server.address} ${server.port}`;
}
