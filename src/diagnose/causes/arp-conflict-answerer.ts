import type { Evidence } from '../../model/analysis.js';
import type { DiagnosisContext } from '../context.js';
import { evidence, sysctlEvidence } from '../evidence.js';
import type { Claim } from '../neighbours/claim.js';

/** What on a claimant's node answers, and for what reason. */
export interface Answerer {
  by: 'kernel' | 'speaker' | 'both';
  /** The interface that has the address, where it is another than that asked at; null where not. */
  leak: string | null;
  text: string;
  evidence: Evidence[];
}

/** Null where the claimant is no node whose snapshot would tell. */
export function answererOf(
  { owner: { node, interface: name, station }, kernel }: Claim,
  address: string,
  context: DiagnosisContext,
): Answerer | null {
  if (node === null || name === null || !station) return null;
  const speaker = context.network.speakers.announcements.find(
    (a) => a.node === node && a.addresses.includes(address),
  );
  const byKernel = kernel?.by === 'own-address';
  if (!byKernel && !speaker) return null;
  const at = { node };
  const told = speaker
    ? [
        evidence(
          'log',
          `a speaker on ${node} announces ${address} for ${speaker.service} (${speaker.source})`,
          at,
        ),
      ]
    : [];
  if (!byKernel) {
    return {
      by: 'speaker',
      leak: null,
      text: `On ${node} a speaker answers, for ${speaker!.service}.`,
      evidence: told,
    };
  }
  const holders = (station.snapshot.addresses ?? []).filter((own) => own.address === address);
  const leak = holders.some((own) => own.interface === name) ? null : (holders[0]?.interface ?? null);
  const view = context.node(node, station.netns);
  const settings =
    leak !== null && view && !address.includes(':')
      ? ['all', name].map((device) =>
          sysctlEvidence(view, `net.ipv4.conf.${device.replaceAll('.', '/')}.arp_ignore`),
        )
      : [];
  const where =
    leak === null
      ? `it has the address on ${name}`
      : `it has the address on ${leak}, and arp_ignore=0 lets ${name} answer for it`;
  return {
    by: speaker ? 'both' : 'kernel',
    leak,
    text: `On ${node} the kernel${speaker ? ' answers beside a speaker' : ' answers'}: ${where}.`,
    evidence: [
      ...told,
      ...holders.map((own) =>
        evidence('address', `${address}/${own.prefixLength} is on ${own.interface}`, at),
      ),
      ...settings,
      evidence('model', `asked on ${name}: ${kernel.why}`, at),
    ],
  };
}
