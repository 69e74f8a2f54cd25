import type { CauseId } from '../../../model/analysis.js';
import type { IdeasFor } from '../idea.js';
import { filteredIdeas } from './filtered.js';
import { forwardingIdeas } from './forwarding-off.js';
import { netfilterRpfilterIdeas } from './netfilter-rpfilter.js';
import { noRouteIdeas } from './no-route.js';
import { rpFilterIdeas } from './rp-filter.js';
import { untranslatedIdeas } from './untranslated.js';
import { wrongGatewayIdeas } from './wrong-gateway.js';

/** By what fails on the walk; causes that no setting of a node mends have no row. */
export const IDEAS: Partial<Record<CauseId, IdeasFor>> = {
  'rp-filter': rpFilterIdeas,
  'netfilter-rpfilter': netfilterRpfilterIdeas,
  'forwarding-off': forwardingIdeas,
  'no-route': noRouteIdeas,
  filtered: filteredIdeas,
  'untranslated-reply': untranslatedIdeas,
  'wrong-gateway': wrongGatewayIdeas,
  'stateful-gateway': wrongGatewayIdeas,
};
