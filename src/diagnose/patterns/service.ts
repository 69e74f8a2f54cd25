import { byValue, type Dimension } from './dimension.js';

/** Two Services may share a VIP, each with pods and rules of its own. */
export const port: Dimension = {
  family: 'port',
  among: 'vip',
  values: 'given',
  candidates: (cases) =>
    byValue(
      'port',
      cases,
      ({ protocol, server }) => (server.port === null ? protocol : `${protocol} ${server.port}`),
      (names) => `to ${names}`,
    ),
};

export const protocol: Dimension = {
  family: 'port',
  among: 'vip',
  values: 'given',
  candidates: (cases) =>
    byValue(
      'protocol',
      cases,
      (attempt) => attempt.protocol,
      (names) => `over ${names}`,
    ),
};

/** Of a Service that has a VIP of each version. IPv6 has no rp_filter, and rules and routes of its own. */
export const ipVersion: Dimension = {
  family: 'port',
  among: 'vip',
  values: 'given',
  candidates: (cases) =>
    byValue(
      'ip-version',
      cases,
      ({ server }) => (server.address.includes(':') ? 'IPv6' : 'IPv4'),
      (names) => `over ${names}`,
    ),
};
