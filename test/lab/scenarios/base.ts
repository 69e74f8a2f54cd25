/** What the scenarios share: how they record, and what their clients do, where they do not say otherwise. */
import type { RecordingForm, Scenario, Traffic } from '../scenario.js';

export const FORM: RecordingForm = {
  captures: 'any',
  compression: 'none',
  kernelLog: 'dmesg-iso',
  drops: false,
  container: 'tar.gz',
};

/** Each lost connection is three tries: SYNs go out again after one second and two. */
export const TCP: Traffic = { protocol: 'tcp', connections: 3, staggerMs: 110, timeoutMs: 2600 };
export const UDP: Traffic = { ...TCP, protocol: 'udp' };
/** Echo requests are not sent again: each is one try. */
export const ECHO: Traffic = { ...TCP, protocol: 'icmp', timeoutMs: 2600 };

type Common = Omit<Scenario, 'name' | 'description' | 'ground' | 'expect'>;

export const BASE: Common = {
  rpFilter: {},
  logMartians: false,
  changes: {},
  traffic: TCP,
  form: FORM,
  intermittent: false,
};
