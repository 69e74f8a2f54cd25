import type { Attempt } from '../../correlate/attempt.js';
import type { Evidence, Role } from '../../model/analysis.js';
import type { DiagnosisContext } from '../context.js';
import { evidence } from '../evidence.js';
import { errandOf } from '../fixes/errand.js';
import { PACKETS } from '../words.js';

/** Links that take smaller packets than the one before, on the way that the settings have requests go, or replies. */
export function narrowEvidence(attempt: Attempt, role: Role, context: DiagnosisContext): Evidence[] {
  const [trip] = context.network.isKnown ? errandOf(attempt, context, false).walk(context.network) : [];
  const legs = (role === 'request' ? trip?.request : trip?.reply)?.legs ?? [];
  return legs.flatMap(({ station, interface: input, hop }) => {
    const mtu = (name: string | undefined | null) =>
      station.snapshot.links?.find((link) => link.name === name)?.mtu;
    const [into, out] = [mtu(input), mtu(hop?.dev)];
    if (!into || !out || out >= into) return [];
    const text = `${hop!.dev} of ${station.label} takes packets of ${out} octets (its MTU), and ${input}, by which ${PACKETS[role]} come in, of ${into}: a larger one is answered by an ICMP error, if that gets back`;
    return [evidence('model', text, { node: station.node })];
  });
}
