/** The same sysctls for nodes that nobody logs into: a DaemonSet sets them, also on a node that is made anew. */
import { dump } from 'js-yaml';
import type { Network } from '../../../network/network.js';
import { changesOf } from '../commands.js';
import type { Step } from '../step.js';

const LABELS = { app: 'returnpath-sysctl' };

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
  return [...nodesBySettings].map(([settings, nodes], i) => manifest(settings, nodes, i));
}

function settingsOf({ command }: Step): string[] {
  return changesOf(command).flatMap((change) =>
    change.kind === 'sysctl' ? [`${change.key}=${change.value}`] : [],
  );
}

/** kubelet allows a pod in the host's network no sysctl of its own: a privileged container has to write it. */
function manifest(settings: string, nodes: readonly string[], index: number): string {
  const body = dump(
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: index === 0 ? LABELS.app : `${LABELS.app}-${index + 1}`, namespace: 'kube-system' },
      spec: {
        selector: { matchLabels: LABELS },
        template: {
          metadata: { labels: LABELS },
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
