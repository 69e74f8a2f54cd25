import type { RuleRequest } from '../../../kernel/what-if/change.js';

/** `0x10/0x10`; null where the rule asks for no mark. */
export function markText({ fwmark, fwmask }: RuleRequest): string | null {
  if (fwmark === null) return null;
  const hex = (value: number) => `0x${value.toString(16)}`;
  return fwmask === null ? hex(fwmark) : `${hex(fwmark)}/${hex(fwmask)}`;
}
