/** A drop in the words of a finding's summary. */

import type { CauseId } from '../../model/analysis.js';
import { stationLabel } from '../../model/station.js';
import type { Drop } from '../../network/journey.js';
import type { Suspicion } from '../cause.js';
import { serviceRule } from '../service-rule.js';
import { listed, listedEndpoints } from '../words.js';
import type { DropProof } from './examine.js';

/** What happens to whose packets, where, and why. */
export function summaryOf(cause: CauseId, suspicions: readonly Suspicion<DropProof>[]): string {
  const { proof, confidence, interface: name } = suspicions[0]!;
  const { demanded, node } = proof;
  const label = stationLabel(node.name, node.netns);
  const by = name === null ? '' : ` that come in by ${name}`;
  const what = packetsOf(suspicions);
  const rules = proof.doubtful.join('; ');
  if (proof.doubtful.length > 0 && proof.answers.length > 0)
    return `${label} may be rejecting ${what}${by}: they came in and did not leave, a RST that it made itself went back, and a firewall rule of it can have sent that (${rules}).`;
  if (proof.doubtful.length > 0)
    return `${label} may be dropping ${what}${by}: they came in and did not leave, and a firewall rule of it can have done that (${rules}).`;
  if (!demanded)
    return `${label} may be dropping ${what}${by}: ${RECORDED[cause]}, by the reason that its kernel gave.`;
  const certain = confidence !== 'possible';
  const carried = demanded.carrier ? `the tunnel packets that carry ${what}` : what;
  return `${label} ${verbOf(demanded.drop, certain)} ${carried}${by}${whyOf(demanded.drop)}.`;
}

const RECORDED: Partial<Record<CauseId, string>> = {
  filtered: 'a firewall rule did it',
  'forwarding-off': 'forwarding is off where they came in',
  'no-route': 'it has no route for them',
};

/** `requests from 10.0.0.5 to 192.168.1.100:80`, `replies to 10.0.0.5`. */
function packetsOf(suspicions: readonly Suspicion<DropProof>[]): string {
  const { loss, demanded } = suspicions[0]!.proof;
  const attempts = suspicions.map((s) => s.attempt);
  const clients = listed(attempts.map(({ client }) => client.address));
  const servers = listedEndpoints(attempts.map(({ server }) => server));
  return (demanded?.role ?? loss.role) === 'request'
    ? `requests from ${clients} to ${servers}`
    : `replies of ${servers} to ${clients}`;
}

/** What the drop is called. */
export function verbOf(drop: Drop, certain: boolean): string {
  const rejects = drop.by === 'netfilter' && drop.answer !== null;
  if (certain) return rejects ? 'rejects' : 'drops';
  return `may be ${rejects ? 'rejecting' : 'dropping'}`;
}

/** By what it is dropped, to follow the verb and its object. */
export function whyOf(drop: Drop): string {
  switch (drop.by) {
    case 'tunnel':
      return `: it would route the packets of its tunnel ${drop.device} into that tunnel itself`;
    case 'routing':
      return `: ${drop.verdict.why}`;
    case 'netfilter': {
      const check = drop.check ? ' for want of a way back to their source' : '';
      const answer = drop.answer === null ? '' : ` with ${drop.answer}`;
      const by = drop.rule ? `the rule "${drop.rule.text}"` : `the policy of ${drop.chain}`;
      const note = drop.rule && commentOf(drop.rule.text);
      const meaning = drop.rule && serviceRule(drop.rule.text, drop.chain);
      const said = meaning ? `: ${meaning}` : note ? ` (it says: ${note})` : '';
      return `${answer}${check}, in ${drop.hook}, by ${by}${said}`;
    }
  }
}

/** What a rule's author wrote: kube-proxy says there that a Service has no endpoints. */
function commentOf(rule: string): string | null {
  const match = /--comment "([^"]*)"|--comment (\S+)|comment "([^"]*)"/.exec(rule);
  return match ? (match[1] ?? match[2] ?? match[3] ?? null) : null;
}
