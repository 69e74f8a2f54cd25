/** MetalLB before 0.13 had its pools in a ConfigMap, each with the protocol that it is announced by. */
import { type AddressRange, readAddressRange } from './address-range.js';
import { type Fields, fields, list, textOf, textsIn } from './objects.js';
import { parseYaml } from './yaml.js';

export interface OldPool {
  name: string;
  protocol: 'layer2' | 'bgp';
  ranges: AddressRange[];
  autoAssign: boolean;
}

/** Those of ConfigMaps (`data.config`, the map's name differs by the way of installing) and of 0.13's AddressPools. */
export function oldPools(objects: readonly Fields[]): OldPool[] {
  return objects.flatMap((object) => {
    if (object.kind === 'AddressPool') {
      const spec = fields(object.spec);
      const name = textOf(fields(object.metadata).name);
      return readPool(name, spec, spec.autoAssign);
    }
    const text = object.kind === 'ConfigMap' ? textOf(fields(object.data).config) : null;
    if (!text?.includes('address-pools')) return [];
    return list(fields(parseYaml(text))['address-pools']).flatMap((item) => {
      const pool = fields(item);
      return readPool(textOf(pool.name), pool, pool['auto-assign']);
    });
  });
}

function readPool(name: string | null, { protocol, addresses }: Fields, autoAssign: unknown): OldPool[] {
  if (name === null || (protocol !== 'layer2' && protocol !== 'bgp')) return [];
  const ranges = textsIn(addresses).flatMap((text) => readAddressRange(text) ?? []);
  return [{ name, protocol, ranges, autoAssign: autoAssign !== false }];
}
