import type { Family } from '../../../model/address.js';
import { ipCommand } from '../../ip-command.js';
import { shellWord } from '../../shell-word.js';
import { COST, type FixIdea, type Problem } from '../idea.js';
import { step } from '../step.js';
import type { WayIn } from './way-in.js';

/**
 * A VRF that the requests come in by answers from its own table: the way back belongs there, for a rule that leads its
 * packets to other tables would join what the VRF parts.
 *
 * @returns null where the VRF has a way already, or its table is not known
 */
export function vrfDefault({ risks }: Problem, door: WayIn, vrf: string, family: Family): FixIdea | null {
  const { station } = risks[0]!;
  const table = station.model.tableOfVrf(vrf, family);
  const routes = (family === 4 ? station.snapshot.routes4 : station.snapshot.routes6) ?? [];
  const has = routes.some(
    (route) => route.table === table && route.type === 'unicast' && route.destination.endsWith('/0'),
  );
  if (table === null || has) return null;
  const ip = ipCommand(family);
  const { interface: name, gateway } = door;
  return {
    summary: `Give the VRF ${vrf} on ${station.label} a default route via ${gateway} by ${name}, where the requests come in.`,
    steps: [
      step(
        station,
        `${ip} route replace default via ${gateway} dev ${shellWord(name)} onlink table ${table}`,
      ),
    ],
    risk: `What is in ${vrf} and has no route yet goes to ${gateway} from then on.`,
    cost: COST.change,
  };
}
