import type { Cause } from './cause.js';
import { refused } from './causes/refused.js';
import { rpFilter } from './causes/rp-filter.js';
import { undetermined } from './causes/undetermined.js';
import { untranslatedReply } from './causes/untranslated-reply.js';

/** In the order of decision: the first that explains an attempt has it. */
export const CAUSE_REGISTRY: readonly Cause[] = [
  // The packets themselves tell; nothing else can have been the reason.
  refused,
  untranslatedReply,
  // The kernel's record of the drop, or its settings, name it.
  rpFilter,
  // Whatever is left: what is known, and what to capture next.
  undetermined,
];
