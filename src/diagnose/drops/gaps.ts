import {
  missingFiles,
  RECORD_COUNTERS,
  RECORD_DROPS,
  recordingCommand,
} from '../../ingest/snapshot/files.js';
import type { Gap } from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import type { Suspicion } from '../cause.js';
import { captureCommand, captureFilter, filesNamedIn, recordRules } from '../recording.js';
import { shellWord } from '../shell-word.js';
import type { DropProof } from './examine.js';

/** What would make a finding surer: the files that were missing, the place that was not captured, the kernel's record. */
export function dropGaps({ confidence, proof, interface: name }: Suspicion<DropProof>): Gap[] {
  if (confidence === 'confirmed') return [];
  const { node, demanded, loss } = proof;
  const label = stationLabel(node.name, node.netns);
  // In another namespace its interfaces are others, though they bear the same names.
  const at = { node: node.name, interface: node.netns === null ? name : null };
  const there = node.netns === null ? '' : `; to be run in the network namespace ${node.netns}`;
  const missing = recordingCommand(filesNamedIn(demanded?.doubts ?? []));
  if (missing !== null) {
    const why = `what ${label} does with the packet rests on files that are missing: ${demanded!.doubts[0]}${there}`;
    return [{ ...at, why, capture: missing }];
  }
  if (proof.doubtful.length > 0) {
    const why = `whether that rule of ${label} dropped them, its own counter and the kernel's drop reasons would tell${there}`;
    return [{ ...at, why, capture: `${recordRules(loss.last.source.address)}; ${RECORD_DROPS}` }];
  }
  if (!demanded) {
    const why = `the kernel's record names a kind of drop and no packet; the settings of ${label} would say whether it is this one${there}`;
    const files = [
      'sysctl.txt',
      'ip-route.json',
      'ip-rule.json',
      'ip-addr.json',
      'ip-link.json',
      'iptables-save.txt',
      'nft.json',
    ];
    const missing = missingFiles(node.snapshot ? [node.snapshot] : []).map((file) => file.name);
    return [{ ...at, why, capture: recordingCommand(files.filter((file) => missing.includes(file))) }];
  }
  if (!demanded.seen) {
    const why = `the packet was not captured on its way into ${label}: only its settings say that it is dropped there${there}`;
    return [{ ...at, why, capture: captureCommand(name, captureFilter(loss.last)) }];
  }
  if (demanded.interface === null && demanded.drop.by === 'routing') {
    const device = demanded.carrier ? demanded.leg.hop?.dev : undefined;
    if (device !== undefined) {
      const why = `a tunnel packet that ${label} cannot route is counted at its tunnel device alone, as a carrier error${there}`;
      return [{ ...at, interface: device, why, capture: `ip -s -s link show dev ${shellWord(device)}` }];
    }
    if (proof.counter?.rise != null) return [];
    const why = `a reply that ${label} cannot route is never sent: only its counter ${proof.counter?.name ?? 'of missing routes'} shows it${there}`;
    return [{ ...at, why, capture: RECORD_COUNTERS }];
  }
  const why = `no record of the kernel's own names the drop on ${label}; a drop reason would confirm it`;
  return [{ ...at, why, capture: RECORD_DROPS }];
}
