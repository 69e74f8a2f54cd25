import { applyChange } from '../../kernel/what-if/apply.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { Station } from '../../network/station.js';
import { changesOf } from './commands.js';

/** One command of a fix, in one network namespace of a node, and what it makes of the snapshot there. */
export interface Step {
  node: string;
  netns: string | null;
  command: string;
  /** It takes away what the next boot would not bring back: nothing has to make it last. Absent elsewhere. */
  isPassing?: true;
  /** @throws UsageError where the kernel would refuse it, or it is not modelled */
  apply(snapshot: Snapshot): Snapshot;
}

/** A `sysctl -w`, `ip` or `iptables` command. */
export function step({ node, netns }: Station, command: string): Step {
  return { node, netns, command, apply: (snapshot) => changesOf(command).reduce(applyChange, snapshot) };
}

/** A command of nft, whose syntax is not read: what it does to the listing is told beside it. */
export function nftStep(
  { node, netns }: Station,
  command: string,
  edit: (listing: unknown[]) => unknown[],
): Step {
  return {
    node,
    netns,
    command,
    apply: (snapshot) => ({ ...snapshot, nft: { nftables: edit(nftObjects(snapshot)) } }),
  };
}

/** The objects of `nft -j list ruleset`; none where it was not recorded. */
export function nftObjects({ nft }: Snapshot): unknown[] {
  const objects = (nft as { nftables?: unknown } | null)?.nftables;
  return Array.isArray(objects) ? objects : [];
}
