/** A node that answers by proxy for an address that another answers for as well, and does not get packets there. */
import type { Fix } from '../../model/analysis.js';
import type { Conclusion } from '../cause.js';
import type { DiagnosisContext } from '../context.js';
import { evidence } from '../evidence.js';
import { lastingCommands } from '../fixes/lasting/commands.js';
import { step } from '../fixes/step.js';
import type { Claim } from '../neighbours/claim.js';
import { isProxy } from '../neighbours/conflicts.js';
import type { Contest } from '../neighbours/contest.js';
import { claimantLabel } from '../neighbours/evidence.js';
import { listed } from '../words.js';
import {
  answerEvidence,
  conflictText,
  describeContest,
  gapsOf,
  proofOf,
  vipOf,
} from './arp-conflict-finding.js';

/** The proxies to which requests went and of which none got through; what another's settings lost shows its own cause. */
export function misledBy({ conflict, made, lost }: Contest): Claim[] {
  return conflict.claims.filter(
    (claim) => isProxy(claim) && !made.has(claim.owner.mac) && lost.has(claim.owner.mac),
  );
}

export function concludeProxy(
  contest: Contest,
  proxies: readonly Claim[],
  context: DiagnosisContext,
): Conclusion {
  const { address } = contest.conflict;
  const count = proxies.reduce((sum, { owner }) => sum + contest.lost.get(owner.mac)!, 0);
  const labels = listed(proxies.map(claimantLabel));
  return {
    finding: {
      ...describeContest(contest, context),
      severity: 'risk',
      vip: vipOf(contest, context),
      attempts: [],
      summary: `${conflictText(contest, context)} ${labels} ${proxies.length === 1 ? 'answers' : 'answer'} by proxy, to pass on what is for it: of ${count} requests that went there none got through. Whose answer is taken is a matter of time.`,
      evidence: [
        ...proofOf(contest),
        ...answerEvidence(contest, context),
        ...proxies.map(({ owner: { node, interface: name }, kernel }) =>
          evidence('model', `asked on ${name}: ${kernel!.why}`, { node }),
        ),
      ],
      fix: withoutProxy(address, proxies, context),
      alternatives: [],
    },
    gaps: gapsOf(contest),
  };
}

/** Turns proxy_arp off, if by the model none of them answers then. */
function withoutProxy(address: string, proxies: readonly Claim[], { network }: DiagnosisContext): Fix | null {
  const steps = proxies.flatMap(({ owner: { station, interface: name }, kernel }) => {
    if (!station || name === null || kernel?.by !== 'proxy') return [];
    const keys = ['all', name].map((of) => `net.ipv4.conf.${of.replaceAll('.', '/')}.proxy_arp`);
    const on = keys.filter((key) => station.snapshot.sysctl?.get(key) === '1');
    return on.map((key) => step(station, `sysctl -w ${key}=0`));
  });
  if (steps.length === 0) return null;
  const changed = steps.reduce(
    (now, { node, netns, apply }) => now.with(apply(now.station(node, netns)!.snapshot)),
    network,
  );
  const answering = proxies.filter(({ owner: { station, interface: name } }) => {
    const now = station && changed.station(station.node, station.netns);
    return !now || name === null || now.model.answersFor(address, name, '0.0.0.0').answers;
  });
  if (answering.length > 0) return null;
  const nodes = listed([...new Set(steps.map(({ node }) => node))]);
  return {
    summary: `Let ${nodes} answer for no addresses but ${proxies.length === 1 ? 'its' : 'their'} own there, if nothing else rests on proxy_arp.`,
    commands: [
      ...steps.map(({ node, command }) => ({ node, command, persists: false })),
      ...lastingCommands(steps, network),
    ],
    manifests: [],
    risk: `Whoever reaches other addresses through ${nodes} by its answers loses them: hosts that have no route there, as pods with a gateway of 169.254.1.1.`,
    expected: `Tried in the model of the nodes' settings: the kernel of ${nodes} no longer answers for ${address}.`,
  };
}
