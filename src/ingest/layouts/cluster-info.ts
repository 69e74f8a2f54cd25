import { KINDS, objects } from './kube-kinds.js';
import { layoutOf } from './layout.js';

/**
 * `kubectl cluster-info dump --output-directory`: `nodes.json`, `NAMESPACE/KIND.json`, `NAMESPACE/POD/logs.txt`; and
 * what people save of `kubectl get` under the names of kinds.
 */
export const clusterInfo = layoutOf({
  name: 'kubectl output',
  called: 'a dump of kubectl',
  scope: 'cluster',
  lacks: [],
  rules: [
    ...['json', 'yaml', 'yml'].flatMap((form) => [
      ...objects(KINDS, (kind) => `${kind}.${form}`),
      ...objects(KINDS, (kind) => `${kind}.items.${form}`),
    ]),
    // Whatever namespace MetalLB is in, its speakers' pods are named so, by its manifests or by Helm.
    ...['speaker', 'metallb-speaker'].flatMap((name) => [
      { path: `${name}-{suffix}/logs.txt`, to: `kube/${name}-{suffix}.log` },
      { path: `${name}-{suffix}.log`, to: `kube/${name}-{suffix}.log` },
    ]),
  ],
});
