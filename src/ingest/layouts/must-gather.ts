import { objects } from './kube-kinds.js';
import { layoutOf } from './layout.js';

const CORE = ['services', 'endpoints', 'pods', 'configmaps', 'events'];
/** `oc adm inspect` of a kind writes a file an object, in a directory of the kind in lower case. */
const METALLB = [
  ...['ipaddresspools', 'addresspools', 'l2advertisements', 'bgpadvertisements', 'bgppeers'],
  ...['servicel2statuses', 'servicebgpstatuses'],
];

/**
 * OpenShift's must-gather (openshift/must-gather, collection-scripts; `oc adm inspect`):
 * `must-gather.local.N/IMAGE/namespaces/…` and `cluster-scoped-resources/…`.
 */
export const mustGather = layoutOf({
  name: 'OpenShift must-gather',
  called: 'a must-gather',
  scope: 'cluster',
  lacks: [],
  rules: [
    ...objects(CORE, (kind) => `namespaces/{namespace}/core/${kind}.yaml`),
    ...objects(['endpointslices'], (kind) => `namespaces/{namespace}/discovery.k8s.io/${kind}.yaml`),
    ...objects(['leases'], (kind) => `namespaces/{namespace}/coordination.k8s.io/${kind}.yaml`),
    ...objects(METALLB, (kind) => `namespaces/{namespace}/metallb.io/${kind}.yaml`),
    ...objects(METALLB, (kind) => `namespaces/{namespace}/metallb.io/${kind}/{object}.yaml`),
    { path: 'cluster-scoped-resources/core/nodes/{object}.yaml', to: 'kube/{path}' },
    { path: 'cluster-scoped-resources/core/nodes.yaml', to: 'kube/{path}' },
    {
      path: 'namespaces/{namespace}/pods/{pod}/speaker/speaker/logs/current.log',
      to: 'kube/{pod}.log',
    },
  ],
});
