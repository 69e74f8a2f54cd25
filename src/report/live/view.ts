import type {
  Analysis,
  AnalysisArping,
  AnalysisAttempt,
  AnalysisProbe,
  Finding,
  Outcome,
} from '../../model/analysis.js';

/** How a node of a live run stands. */
export interface LiveNode {
  node: string;
  /** How it is reached, as it was given. */
  transport: string;
  state: 'connecting' | 'capturing' | 'waiting' | 'ended' | 'failed';
  /** What went wrong; null: nothing. */
  message: string | null;
  packets: number;
  octets: number;
  /** Packets that its kernel had to drop; null: not known. */
  dropped: number | null;
  /** How long ago it was last heard of, ms; null: never. */
  heardMs: number | null;
}

/** How a live run stands. */
export interface LiveView {
  elapsedMs: number;
  /** Null: until it is ended. */
  leftMs: number | null;
  isEnding: boolean;
  nodes: readonly LiveNode[];
  /** Of what had come a few seconds ago; null before the first. */
  analysis: Analysis | null;
  /** Milliseconds since 1970: what began later may still be made. */
  settledUntilMs: number;
  /** As far as they have come; of none it is known yet which attempt it is. */
  probes: readonly AnalysisProbe[];
  arpings: readonly AnalysisArping[];
}

/** Outcomes that only time makes sure of: the packet that is wanting may be under way. */
const OPEN: ReadonlySet<Outcome> = new Set([
  'no-reply',
  'reply-unseen',
  'reply-lost',
  'unacknowledged',
  'reply-only',
]);

/** Whether more may become of an attempt. */
export function isPending(attempt: AnalysisAttempt, { settledUntilMs }: LiveView): boolean {
  if (!OPEN.has(attempt.outcome)) return false;
  return attempt.firstTime === null || Date.parse(attempt.firstTime) > settledUntilMs;
}

/** How the connections to one VIP went. */
export interface VipTotals {
  vip: string | null;
  protocol: string;
  /** Answered, where that is all that can be seen, too. */
  made: number;
  slow: number;
  /** Answered by a refusal. */
  refused: number;
  /** Nobody knows of an answer, or it was lost. */
  lost: number;
  pending: number;
}

const REFUSED: ReadonlySet<Outcome> = new Set(['refused', 'rejected', 'unreachable']);

/** A row for each VIP and protocol, those of other addresses last. */
export function totalsOf(view: LiveView): VipTotals[] {
  const { analysis } = view;
  if (analysis === null) return [];
  return analysis.totals.map(({ vip, protocol, outcomes, slow = 0, answered = 0 }) => {
    const of = (wanted: (outcome: Outcome) => boolean) =>
      (Object.keys(outcomes) as Outcome[])
        .filter(wanted)
        .reduce((sum, outcome) => sum + outcomes[outcome], 0);
    const pending = analysis.attempts.filter(
      (attempt) => attempt.vip === vip && attempt.protocol === protocol && isPending(attempt, view),
    );
    // Of these too it is known after a while alone that the client does not ask again.
    const open = pending.filter(({ outcome }) => outcome === 'unacknowledged').length;
    const settled = Math.max(0, answered - open);
    return {
      vip,
      protocol,
      made: of((outcome) => outcome === 'established') + settled,
      slow,
      refused: of((outcome) => REFUSED.has(outcome)),
      lost: of((outcome) => OPEN.has(outcome)) - pending.length - settled,
      pending: pending.length,
    };
  });
}

/** The findings that do not rest on what is still under way alone. */
export function settledFindings(view: LiveView): Finding[] {
  const { analysis } = view;
  if (analysis === null) return [];
  const pending = new Set(analysis.attempts.filter((a) => isPending(a, view)).map(({ id }) => id));
  return analysis.findings.filter(
    ({ attempts }) => attempts.length === 0 || attempts.some((id) => !pending.has(id)),
  );
}

/** What tells a finding from others, from one analysis to the next. */
export function findingKey({ cause, node, interface: device, vip, netns, severity }: Finding): string {
  return JSON.stringify([cause, severity, vip, node, netns ?? null, device]);
}

/**
 * What tells an attempt from others, from one analysis to the next: the packets that were seen of it. Its time is no
 * mark, for clocks are known better and better; and of a longer capture there may be more of them.
 */
export function marksOf({ path, protocol, client, server }: AnalysisAttempt): string[] {
  if (path.length === 0) return [JSON.stringify([protocol, client, server])];
  return path.map(({ file, packet }) => `${packet} ${file}`);
}
