import { backend, backendNode, backendPlace } from './backend.js';
import { client, clientNetwork, clientPlace } from './client.js';
import type { Dimension } from './dimension.js';
import { periodic } from './periodic.js';
import { ipVersion, port, protocol } from './service.js';
import { sourcePort } from './source-port.js';
import { time } from './time.js';
import { tries } from './try.js';
import { entryNode, replyWays, requestWays } from './way.js';

/** Of those that tell as much, the first is reported: what says more about the reason comes before what says less. */
export const DIMENSIONS: readonly Dimension[] = [
  backendPlace,
  backendNode,
  backend,
  entryNode,
  requestWays,
  replyWays,
  clientPlace,
  clientNetwork,
  client,
  ipVersion,
  protocol,
  port,
  time,
  periodic,
  sourcePort,
  // Only tells where nothing else does: whether it is decided by the connection or by the packet.
  tries,
];
