import type { Doubts } from './doubts.js';
import type { Hop, LookupResult, SourceCheck, Verdict, VerdictName } from './verdict.js';

/** A verdict as it is worked out; what is absent is null. */
export interface Answer {
  verdict: VerdictName;
  why: string;
  hops: Hop[];
  table?: string | null;
  preferredSource?: string | null;
  lookup?: LookupResult | null;
  sourceCheck?: SourceCheck | null;
}

/** Of what is delivered or dropped. */
export const noHops: { hops: Hop[] } = { hops: [] };

export function answer(partial: Answer, doubts: Doubts): Verdict {
  const [first] = partial.hops;
  const unknown = doubts.lines;
  return {
    verdict: partial.verdict,
    why: unknown.length === 0 ? partial.why : `${partial.why} (assumed: ${unknown.join('; ')})`,
    dev: first?.dev ?? null,
    via: first?.via ?? null,
    table: partial.table ?? null,
    hops: [...partial.hops],
    preferredSource: partial.preferredSource ?? null,
    lookup: partial.lookup ?? null,
    sourceCheck: partial.sourceCheck ?? null,
    unknown,
  };
}
