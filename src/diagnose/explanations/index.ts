import type { CauseId } from '../../model/analysis.js';
import type { CauseExplanation } from '../../model/cause-explanation.js';
import { arpConflict } from './arp-conflict.js';
import { backendSilent } from './backend-silent.js';
import { filtered } from './filtered.js';
import { forwardingOff } from './forwarding-off.js';
import { netfilterRpfilter } from './netfilter-rpfilter.js';
import { noRoute } from './no-route.js';
import { notDelivered } from './not-delivered.js';
import { refused } from './refused.js';
import { rpFilter } from './rp-filter.js';
import { statefulGateway } from './stateful-gateway.js';
import { undetermined } from './undetermined.js';
import { untranslatedReply } from './untranslated-reply.js';
import { wrongGateway } from './wrong-gateway.js';

/** Every cause that a finding may have, explained. */
export const EXPLANATIONS: Readonly<Record<CauseId, CauseExplanation>> = {
  'rp-filter': rpFilter,
  'netfilter-rpfilter': netfilterRpfilter,
  'arp-conflict': arpConflict,
  'wrong-gateway': wrongGateway,
  'forwarding-off': forwardingOff,
  'no-route': noRoute,
  'untranslated-reply': untranslatedReply,
  'stateful-gateway': statefulGateway,
  filtered,
  refused,
  'backend-silent': backendSilent,
  'not-delivered': notDelivered,
  undetermined,
};
