import type { Scenario } from '../scenario.js';
import { ACKNOWLEDGEMENTS } from './acknowledgements.js';
import { BACKENDS } from './backends.js';
import { BETWEEN_NODES } from './between-nodes.js';
import { CHANGES } from './changes.js';
import { DELIVERIES } from './deliveries.js';
import { DISCOVERY } from './discovery.js';
import { FILTERS } from './filters.js';
import { GATEWAYS } from './gateways.js';
import { OWNERS } from './owners.js';
import { RESETS } from './resets.js';
import { ROUTING } from './routes.js';
import { RP_FILTER } from './rp-filter.js';
import { VIEWS } from './views.js';

/** Every scenario that the lab can record. */
export const SCENARIOS: readonly Scenario[] = [
  ...RP_FILTER,
  ...ROUTING,
  ...FILTERS,
  ...GATEWAYS,
  ...ACKNOWLEDGEMENTS,
  ...OWNERS,
  ...DELIVERIES,
  ...DISCOVERY,
  ...BETWEEN_NODES,
  ...BACKENDS,
  ...VIEWS,
  ...CHANGES,
  ...RESETS,
];
