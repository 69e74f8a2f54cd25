import type { RecordingForm, Scenario } from '../scenario.js';

const FORM: RecordingForm = {
  captures: 'any',
  compression: 'none',
  kernelLog: 'dmesg-iso',
  drops: true,
  container: 'tar.gz',
};

const BASE = {
  ground: { kind: 'second-nic' },
  logMartians: true,
  connections: 4,
  intermittent: false,
} as const;

export const SECOND_NIC: Scenario[] = [
  {
    ...BASE,
    name: 'second-nic-strict',
    description:
      'Requests come in by eth1 and the default route leaves by eth0: strict rp_filter on eth1 drops them.',
    rpFilter: { node1: { eth1: 1 } },
    form: FORM,
    expect: { cause: 'rp-filter', node: 'node1', interface: 'eth1' },
  },
  {
    ...BASE,
    name: 'second-nic-asymmetric',
    description:
      'Its twin with loose filtering: replies leave by eth0 and reach the client. Asymmetry alone is no fault.',
    rpFilter: { node1: { eth1: 2 } },
    form: { ...FORM, container: 'tgz' },
    expect: null,
  },
];
