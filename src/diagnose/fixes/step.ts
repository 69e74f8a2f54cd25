import { applyChange } from '../../kernel/what-if/apply.js';
import { UsageError } from '../../model/errors.js';
import type { Snapshot } from '../../model/snapshot.js';
import type { Network } from '../../network/network.js';
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

/** The network with the commands carried out; null where the model cannot do one of them. */
export function carriedOut(network: Network, steps: readonly Step[]): Network | null {
  try {
    return steps.reduce((now, { node, netns, apply }) => {
      const station = now.station(node, netns)!;
      return now.with(apply(station.snapshot));
    }, network);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}
