/** The same sysctls for nodes that nobody logs into: a DaemonSet sets them, also on a node that is made anew. */
import { dump } from 'js-yaml';
import type { Network } from '../../../network/network.js';
import { changesOf } from '../commands.js';
import type { Step } from '../step.js';
import { shortened } from './names.js';

/** As long as the value of a label may be (RFC 1123). */
const LONGEST = 63;

/** @returns none where nothing tells of a cluster, or where no sysctl of a node's own is set */
export function daemonSets(steps: readonly Step[], network: Network): string[] {
  const own = steps.filter(({ netns, command }) => netns === null && command.startsWith('sysctl '));
  if (!network.cluster.isKnown || own.length === 0) return [];
  const nodesBySettings = new Map<string, string[]>();
  for (const node of new Set(own.map((step) => step.node))) {
    const settings = own
      .filter((step) => step.node === node)
      .flatMap(settingsOf)
      .join(' ');
    nodesBySettings.set(settings, [...(nodesBySettings.get(settings) ?? []), node]);
  }
  return [...nodesBySettings].map(([settings, nodes]) => manifest(settings, nodes));
}

function settingsOf({ command }: Step): string[] {
  return changesOf(command).flatMap((change) =>
    change.kind === 'sysctl' ? [`${change.key}=${change.value}`] : [],
  );
}

/**
 * By nodes and settings: two of one name would be one to the cluster, and selectors of which one takes the other's pods
 * are refused or at war.
 */
function nameOf(settings: string, nodes: readonly string[]): string {
  const keys = settings
    .split(' ')
    .map((setting) => setting.replace(/=.*$/, '').replace(/^net\.ipv[46]\.(?:conf\.)?/, ''));
  const words = ['returnpath', ...nodes, ...keys].join('-').toLowerCase();
  return shortened(words.replace(/[^a-z0-9]+/g, '-'), LONGEST);
}

/** kubelet allows a pod in the host's network no sysctl of its own: a privileged container has to write it. */
function manifest(settings: string, nodes: readonly string[]): string {
  const name = nameOf(settings, nodes);
  const labels = { app: name };
  const body = dump(
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name, namespace: 'kube-system' },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            hostNetwork: true,
            tolerations: [{ operator: 'Exists' }],
            affinity: {
              nodeAffinity: {
                requiredDuringSchedulingIgnoredDuringExecution: {
                  nodeSelectorTerms: [
                    { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: nodes }] },
                  ],
                },
              },
            },
            initContainers: [
              {
                name: 'sysctl',
                image: 'busybox:1.36',
                command: ['sysctl', '-w', ...settings.split(' ')],
                securityContext: { privileged: true },
              },
            ],
            containers: [{ name: 'pause', image: 'registry.k8s.io/pause:3.10' }],
          },
        },
      },
    },
    // Who reads it is to see each label where it stands, not an anchor.
    { noRefs: true },
  );
  return `# In place of the sysctl commands, where nodes are configured declaratively.\n${body}`;
}
