import type { Scenario } from '../scenario.js';
import { CLUSTER } from './cluster.js';
import { SECOND_NIC } from './second-nic.js';

/** Every scenario that the lab can record. */
export const SCENARIOS: readonly Scenario[] = [...CLUSTER, ...SECOND_NIC];
