/** Rules that let neighbour discovery in before the rule that drops it. */
import type { FilterDrop } from '../../kernel/netfilter/passage.js';
import type { Fix } from '../../model/analysis.js';
import type { Station } from '../../network/station.js';
import type { DiagnosisContext } from '../context.js';
import {
  ADVERTISEMENT,
  discoveryDrop,
  type Neighbours,
  SOLICITATION,
} from '../neighbours/discovery-filter.js';
import { toFix } from './fix.js';
import { COST } from './idea.js';
import { isKept, ruleName } from './ideas/filtered.js';
import { acceptAt, placeOfDrop } from './ideas/firewall.js';
import type { Step } from './step.js';

/**
 * Lets in what of it is dropped, tried on a copy of the snapshot.
 *
 * @param drop of one of the messages
 * @returns null where a program keeps the rule, or the commands do not help
 */
export function acceptingDiscovery(
  station: Station,
  drop: FilterDrop,
  neighbours: Neighbours,
  { network }: DiagnosisContext,
): Fix | null {
  const types = ([SOLICITATION, ADVERTISEMENT] as const).filter(
    (type) => discoveryDrop(station, type, neighbours) !== null,
  );
  const place = placeOfDrop(station, drop);
  if (!place || isKept(place.chain)) return null;
  const steps = types.map((icmpType) =>
    acceptAt(station, place, {
      family: 6,
      source: null,
      destination: null,
      protocol: 'ipv6-icmp',
      icmpType,
      sourcePort: null,
      destinationPort: null,
      // The other interfaces of the node need it as well.
      input: null,
      established: false,
    }),
  );
  const changed = network.with(steps.reduce((snapshot, one: Step) => one.apply(snapshot), station.snapshot));
  const after = changed.station(station.node, station.netns)!;
  if (types.some((type) => discoveryDrop(after, type, neighbours) !== null)) return null;
  const fix = toFix({
    ideas: [
      {
        summary: `Let neighbour discovery in on ${station.label}, before ${ruleName(place)}.`,
        steps,
        risk: 'None beyond the link: what is not of it has no hop limit of 255, and is ignored (RFC 4861 section 7.1). IPv6 needs them everywhere (RFC 4890 section 4.4.1).',
        cost: COST.change,
      },
    ],
    uncovered: [],
    mendsAcks: false,
    network: changed,
    mended: [],
    open: [],
  });
  return {
    ...fix,
    expected: `${station.label} takes them in, and the entries for its neighbours are no longer FAILED.`,
  };
}
