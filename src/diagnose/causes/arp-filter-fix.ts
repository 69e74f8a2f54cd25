/** ARP flux of one node: several of its interfaces answer for an address that none of them has. */
import { sysctlKey } from '../../kernel/sysctl.js';
import type { Fix } from '../../model/analysis.js';
import type { Network } from '../../network/network.js';
import { lastingCommands } from '../fixes/lasting/commands.js';
import { step } from '../fixes/step.js';
import { shellWord } from '../shell-word.js';
import { listed } from '../words.js';
import type { Answering } from './arp-conflict-fix.js';

/**
 * Of a node that has the address on none of the interfaces that answer, strict ARP would leave nobody: each then answers
 * those alone whom it would send back to (arp_filter()).
 *
 * @returns null where the asker is not known, or one interface alone would not be left
 */
export function arpFilter(
  address: string,
  answering: readonly Answering[],
  asker: string | null,
  network: Network,
): Fix | null {
  const { station } = answering[0]!;
  if (asker === null || address.includes(':')) return null;
  const names = [...new Set(answering.map((a) => a.interface))];
  const settings = names.map((name) => shellWord(`${sysctlKey('net.ipv4.conf', name, 'arp_filter')}=1`));
  const filtering = step(station, `sysctl -w ${settings.join(' ')}`);
  const changed = network.with(filtering.apply(station.snapshot)).station(station.node, station.netns)!;
  const left = names.filter((name) => changed.model.answersFor(address, name, asker).answers);
  if (left.length !== 1) return null;
  return {
    summary: `Let each of ${listed(names)} on ${station.label} answer those alone to whom the node would send by it: ${address} is on none of them, and strict ARP would leave nobody to answer for it.`,
    commands: [
      { node: filtering.node, command: filtering.command, persists: false },
      ...lastingCommands([filtering], network),
    ],
    manifests: [],
    risk: `Hosts that the node reaches by another of these interfaces than they ask at get no answer there, for any of its addresses.`,
    expected: `Tried in the model of the nodes' settings: asked by ${asker}, ${left[0]} of ${station.label} alone goes on answering for ${address}.`,
  };
}
