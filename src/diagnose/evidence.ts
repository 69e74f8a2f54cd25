/** The usual kinds of evidence, worded alike by all causes. */
import { describeEncapsulation } from '../correlate/encapsulations.js';
import type { RuleSource } from '../kernel/netfilter/rule-set.js';
import { sysctlKey } from '../kernel/sysctl.js';
import type { Evidence, EvidenceKind } from '../model/analysis.js';
import { endpointLabel } from '../model/endpoint.js';
import type { Sighting } from '../model/sighting.js';
import type { DropRecord, MartianRecord } from '../model/snapshot.js';
import type { NodeView } from './context.js';
import { counterRise, isDated } from './kernel-records.js';

/** Lines and packets of one kind that a finding quotes; a count tells of the rest. */
export const QUOTED = 3;

export function evidence(
  kind: EvidenceKind,
  text: string,
  place: Partial<Omit<Evidence, 'kind' | 'text'>> = {},
): Evidence {
  return { kind, node: null, file: null, line: null, packet: null, ...place, text };
}

const NAMES: Record<Sighting['kind'], string> = {
  syn: 'SYN',
  'syn-ack': 'SYN-ACK',
  ack: 'ACK',
  rst: 'RST',
  'icmp-error': 'ICMP error',
  datagram: 'UDP',
  'echo-request': 'ICMP echo request',
  'echo-reply': 'ICMP echo reply',
};

/** `SYN 10.0.0.5:40001 > 10.244.1.10:8080 came in by flannel.1`. */
export function packetEvidence(sighting: Sighting, remark = ''): Evidence {
  const { point, source, destination, encapsulations } = sighting;
  const ends = `${endpointLabel(source)} > ${endpointLabel(destination)}`;
  const wrapped = encapsulations.map((e) => ` in ${describeEncapsulation(e)}`).join('');
  const verb = verbOf(sighting);
  const where = point.interface ?? 'an interface that the capture does not name';
  return evidence('packet', `${NAMES[sighting.kind]} ${ends}${wrapped} ${verb} ${where}${remark}`, {
    node: point.node,
    file: point.file,
    packet: sighting.packet,
  });
}

function verbOf({ direction, forOther, etherDestination }: Sighting): string {
  if (forOther) return `was seen, in a frame for ${otherHost(etherDestination)}, on`;
  return direction === 'in' ? 'came in by' : direction === 'out' ? 'left by' : 'was seen on';
}

/** @param mac where the capture has it */
export function otherHost(mac: string | null): string {
  return mac === null ? "another host's MAC" : `another host's MAC (${mac})`;
}

/** A record of a drop that is near in time to a lost packet. */
export function recordEvidence(node: NodeView, { reason, location, line }: DropRecord): Evidence {
  const where = location === null ? '' : ` in ${location}()`;
  const text = `${reason}${where}, at the time of a lost packet`;
  return evidence('drop-reason', text, { node: node.name, file: node.snapshot!.drops!.file, line });
}

/** The first of such records, and how many there are. */
export function recordsEvidence(node: NodeView, records: readonly DropRecord[]): Evidence[] {
  const shown = records.slice(0, QUOTED).map((record) => recordEvidence(node, record));
  if (records.length <= QUOTED) return shown;
  return [...shown, evidence('drop-reason', `${records.length} such records in all`, { node: node.name })];
}

/** How far a counter moved. */
export function riseEvidence({ name }: NodeView, counter: string, rise: number): Evidence {
  return evidence('counter', `${counter} rose by ${rise} while capturing`, { node: name });
}

/** How far a counter moved, where it did. */
export function risenEvidence(node: NodeView, counter: string): Evidence[] {
  const rise = counterRise(node, counter);
  return rise !== null && rise > 0 ? [riseEvidence(node, counter, rise)] : [];
}

/** The first of a log's martian lines, and how many there are. */
export function martiansEvidence({ name }: NodeView, lines: readonly MartianRecord[]): Evidence[] {
  const shown = lines.slice(0, QUOTED).map((record) => {
    const { text, file, line } = record;
    return evidence('martian', isDated(record) ? text : `${text}${UNDATED}`, { node: name, file, line });
  });
  if (lines.length <= QUOTED) return shown;
  return [...shown, evidence('martian', `${lines.length} such lines in all`, { node: name })];
}

const UNDATED = ' (nothing dates it: it may be older than the captures)';

/** The settings of the reverse-path check of one interface; none where no settings are known. */
export function checkEvidence(node: NodeView, name: string): Evidence[] {
  if (!node.snapshot?.sysctl) return [];
  return ['all', name].map((of) => sysctlEvidence(node, sysctlKey('net.ipv4.conf', of, 'rp_filter')));
}

/** A setting of the snapshot as `sysctl` prints it. */
export function sysctlEvidence(node: NodeView, key: string, remark = ''): Evidence {
  const value = node.snapshot?.sysctl?.get(key);
  return evidence(
    'sysctl',
    value === undefined ? `${key} is not in the snapshot` : `${key} = ${value}${remark}`,
    {
      node: node.name,
    },
  );
}

/** A rule where it stands: another namespace of the node has a file of that name as well. */
export function ruleEvidence(
  { node, netns }: { node: string; netns: string | null },
  { file, line, text }: RuleSource,
  remark = '',
): Evidence {
  const path = netns === null ? file : `netns/${netns}/${file}`;
  return evidence('rule', `${text}${remark}`, { node, file: path, line });
}
