import { objects } from './kube-kinds.js';
import { layoutOf } from './layout.js';

const KINDS = ['ipaddresspools', 'l2advertisements', 'bgpAdvertisements', 'bgppeers', 'servicel2statuses'];

/** MetalLB's collect.sh (metallb/metallb, troubleshooting/collect.sh): `metallb_report.tgz`. */
export const metallb = layoutOf({
  name: "MetalLB's collect.sh",
  called: "a report of MetalLB's collect.sh",
  scope: 'cluster',
  lacks: [],
  notes: ['it has no Service: kube/services.json (kubectl get services -A -o json) names the VIPs'],
  rules: [
    ...objects([...KINDS, 'servicebgpstatuses'], (kind) => `crds/${kind}.yaml`),
    { path: 'pods/{pod}/speaker.log', to: 'kube/{pod}.log' },
  ],
});
