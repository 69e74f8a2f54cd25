import type { Snapshot } from '../model/snapshot.js';
import { LocalInterfaces } from './addresses.js';
import { RoutingPolicy } from './lookup.js';
import { InterfaceSettings } from './sysctl.js';

/** A snapshot prepared for questions: parsed once, never changed. */
export interface KernelState {
  snapshot: Snapshot;
  interfaces: LocalInterfaces;
  settings4: InterfaceSettings;
  settings6: InterfaceSettings;
  policy4: RoutingPolicy;
  policy6: RoutingPolicy;
}

export function prepare(snapshot: Snapshot): KernelState {
  const interfaces = new LocalInterfaces(snapshot);
  const settings4 = new InterfaceSettings(snapshot, 'net.ipv4.conf');
  const settings6 = new InterfaceSettings(snapshot, 'net.ipv6.conf');
  return {
    snapshot,
    interfaces,
    settings4,
    settings6,
    policy4: new RoutingPolicy(snapshot, 4, interfaces, settings4),
    policy6: new RoutingPolicy(snapshot, 6, interfaces, settings6),
  };
}
