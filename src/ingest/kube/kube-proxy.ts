/** How kube-proxy was configured, from its ConfigMap: `config.conf` of kubeadm, `config` or another key of others. */
import { type Fields, fields, textOf } from './objects.js';
import { parseYaml } from './yaml.js';

export interface KubeProxyConfiguration {
  /** `iptables`, `ipvs`, `nftables`. */
  mode: string;
  strictARP: boolean;
}

/** @returns null where no ConfigMap holds a KubeProxyConfiguration */
export function kubeProxyOf(objects: readonly Fields[]): KubeProxyConfiguration | null {
  for (const object of objects) {
    if (object.kind !== 'ConfigMap') continue;
    for (const value of Object.values(fields(object.data))) {
      // Most ConfigMaps are not its own, and some are large.
      if (typeof value !== 'string' || !value.includes('KubeProxyConfiguration')) continue;
      const configuration = fields(parseYaml(value));
      if (configuration.kind !== 'KubeProxyConfiguration') continue;
      return {
        // Empty is the default of the platform: on Linux, iptables (kubeproxy.config.k8s.io/v1alpha1).
        mode: textOf(configuration.mode) || 'iptables',
        strictARP: fields(configuration.ipvs).strictARP === true,
      };
    }
  }
  return null;
}
