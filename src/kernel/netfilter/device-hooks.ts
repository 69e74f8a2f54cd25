/** Chains of the device hooks: which of them a packet meets, by the device that it comes in or leaves by. */
import { devicesBelow } from '../devices-below.js';
import type { KernelModel } from '../model.js';
import type { BaseChain } from './rule-set.js';
import { type ChainOutcome, walkChain } from './rule-walk.js';
import { partWay, type Way } from './way.js';

/** Takes a packet through a chain, if that hangs at its device; where it may only do so, what it would do is a doubt. */
export function filterAtDevice(model: KernelModel, base: BaseChain, way: Way): ChainOutcome[] {
  const { hook, devices = [] } = base;
  const { packet } = way;
  const device = hook === 'ingress' ? packet.iif : packet.oif;
  const passed: ChainOutcome[] = [{ way, end: { kind: 'accept' } }];
  if (device === null) return passed;
  if (devices.some((name) => isNamed(name, device))) return walkChain(base, way);
  const below = devicesBelow(model.snapshot.links, device).find((name) =>
    devices.some((one) => isNamed(one, name)),
  );
  if (devices.length > 0 && below === undefined) return passed;
  if (below === undefined) {
    doubtWalk(
      base,
      way,
      'hangs at a device that nft.json does not name (`nft -a list ruleset > nft.txt` does)',
    );
  } else if (model.link(device)?.kind === 'vlan') {
    way.node.doubt(
      `${placeOf(base)} hangs at ${below}, below ${device}: what it does with tagged packets is not modelled`,
    );
  } else doubtWalk(base, way, `hangs at ${below}, below ${device}`);
  return passed;
}

/** Notes what the chain would do with the packet, which goes on as if it did not meet it. */
function doubtWalk(base: BaseChain, way: Way, hangs: string): void {
  const known = new Set(way.doubts.lines);
  for (const outcome of walkChain(base, partWay(way, 1))) {
    for (const line of outcome.way.doubts.lines) if (!known.has(line)) way.node.doubt(line);
    const { end } = outcome;
    if (end.kind === 'accept') continue;
    const what = end.rule ? `its rule "${end.rule.text}"` : 'its policy';
    const line = `${placeOf(base)} ${hangs}: ${what} is taken not to meet the packet`;
    // All that it can do is to stop the packet.
    way.doubtfulDrops.set(line, null);
    way.node.doubt(line);
  }
}

function placeOf({ chain }: BaseChain): string {
  return `nft.json: the chain ${chain.name.replace(/^nft /, '')}`;
}

/** `eth*` is every name that begins so (nft 1.1.4, Linux 6.16). */
function isNamed(name: string, device: string): boolean {
  return name.endsWith('*') ? device.startsWith(name.slice(0, -1)) : name === device;
}
