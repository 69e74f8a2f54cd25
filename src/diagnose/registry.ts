import type { Cause } from './cause.js';
import { arpConflict } from './causes/arp-conflict.js';
import { arpSenderConflict } from './causes/arp-sender-conflict.js';
import { backendSilent } from './causes/backend-silent.js';
import { DATA_IGNORED, FULL_QUEUE_FOR_ACKS } from './causes/data-ignored.js';
import { DISOWNED, FULL_QUEUE_RESETS } from './causes/disowned.js';
import { DROPPED_ACKNOWLEDGMENTS } from './causes/dropped-acknowledgment.js';
import { duplicateMac } from './causes/duplicate-mac.js';
import { filtered } from './causes/filtered.js';
import { filteredDiscovery } from './causes/filtered-discovery.js';
import { forwardingOff } from './causes/forwarding-off.js';
import { halfOpen } from './causes/half-open.js';
import { netfilterRpFilter } from './causes/netfilter-rpfilter.js';
import { noRoute } from './causes/no-route.js';
import { notDelivered } from './causes/not-delivered.js';
import { refused } from './causes/refused.js';
import { untranslatedReplyUnseen, wrongGatewayUnseen } from './causes/reply-elsewhere.js';
import { rpFilter } from './causes/rp-filter.js';
import { silentGateway } from './causes/silent-gateway.js';
import { staleNeighbour } from './causes/stale-neighbour.js';
import { statefulGateway } from './causes/stateful-gateway.js';
import { statefulGatewayItself } from './causes/stateful-gateway-own.js';
import { UNANSWERED_BY_SETTINGS, UNANSWERED_UNTOLD } from './causes/unanswered-data.js';
import { undetermined } from './causes/undetermined.js';
import { untranslatedReply } from './causes/untranslated-reply.js';
import { wrongGateway } from './causes/wrong-gateway.js';

/** In the order of decision: the first that explains an attempt has it. */
export const CAUSE_REGISTRY: readonly Cause[] = [
  // Whoever got the request is not the one that it was for: what it made of it is no cause.
  arpConflict,
  arpSenderConflict,
  duplicateMac,
  staleNeighbour,
  // What drops a reply that no client would know is no matter.
  untranslatedReply,
  // Rules come before the routing's own check, and may answer in the place of a server.
  netfilterRpFilter,
  filtered,
  filteredDiscovery,
  // The packets themselves tell; nothing else can have been the reason.
  refused,
  // The kernel's record of the drop, or its settings, name it.
  rpFilter,
  forwardingOff,
  noRoute,
  // Nothing that is known drops the reply: what follows it may be dropped, on whatever way.
  ...DROPPED_ACKNOWLEDGMENTS,
  // Nor that, and the reply takes another way than the request.
  statefulGateway,
  statefulGatewayItself,
  ...UNANSWERED_BY_SETTINGS,
  wrongGateway,
  silentGateway,
  // The captures show that nothing came back, or that nothing arrived.
  backendSilent,
  FULL_QUEUE_FOR_ACKS,
  FULL_QUEUE_RESETS,
  notDelivered,
  untranslatedReplyUnseen,
  wrongGatewayUnseen,
  // Whatever is left: what is known, and what to capture next.
  halfOpen,
  DATA_IGNORED,
  UNANSWERED_UNTOLD,
  DISOWNED,
  undetermined,
];
