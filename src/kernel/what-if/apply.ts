/** What if: a snapshot as the plain commands would print it after a change. */

import type { Snapshot } from '../../model/snapshot.js';
import { stationLabel } from '../../model/station.js';
import { addAddress4, deleteAddress4 } from './addresses4.js';
import { addAddress6, deleteAddress6 } from './addresses6.js';
import type { AddressChange, Change, RouteChange } from './change.js';
import { Devices } from './devices.js';
import { changeIptables } from './iptables.js';
import { noteOf } from './note.js';
import { badChange, notModelled, Refusal } from './refusal.js';
import { addRoute4, deleteRoute4 } from './routes4.js';
import { addRoute6, deleteRoute6 } from './routes6.js';
import { changeRules } from './rules.js';
import { setSysctl } from './sysctls.js';
import { requireTable } from './tables.js';

/**
 * A copy of the snapshot with one change carried out, as the node's kernel would carry it out.
 *
 * @throws UsageError of one line, in the kernel's words, where it would refuse; or where it is not modelled
 */
export function applyChange(snapshot: Snapshot, change: Change): Snapshot {
  try {
    if (change.kind === 'sysctl') return setSysctl(snapshot, change);
    if (change.kind === 'rule') return changeRules(snapshot, change);
    if (change.kind === 'iptables') return changeIptables(snapshot, change);
    return change.kind === 'route' ? changeRoutes(snapshot, change) : changeAddresses(snapshot, change);
  } catch (error) {
    if (error instanceof Refusal) throw badChange(change, error.message);
    throw error;
  }
}

function changeRoutes(snapshot: Snapshot, { verb, route }: RouteChange): Snapshot {
  requireTable(snapshot, route.table);
  if (route.family === 4) {
    const routes4 = verb === 'delete' ? deleteRoute4(snapshot, route) : addRoute4(snapshot, route, verb);
    return { ...snapshot, routes4 };
  }
  const routes6 = verb === 'delete' ? deleteRoute6(snapshot, route) : addRoute6(snapshot, route, verb);
  return { ...snapshot, routes6 };
}

function changeAddresses(snapshot: Snapshot, { verb, address }: AddressChange): Snapshot {
  if (!snapshot.addresses) {
    throw notModelled(
      'an address where the others are not known',
      'record ip-addr.json (`ip -j addr show`) too',
    );
  }
  const devices = new Devices(snapshot);
  devices.require(address.interface);
  const vrf = devices.find(address.interface)?.vrf;
  if (vrf !== undefined) {
    throw notModelled(`an address in a VRF (${vrf})`, 'try its routes with `ip route … table N`');
  }
  const { family } = address;
  if (verb === 'delete') {
    return family === 4 ? deleteAddress4(snapshot, address) : deleteAddress6(snapshot, address);
  }
  const replaces = verb !== 'add';
  return family === 4 ? addAddress4(snapshot, address, replaces) : addAddress6(snapshot, address, replaces);
}

/**
 * Carries the changes out in their order, each on the node and network namespace that it names; one that names
 * none is for the only node.
 *
 * @returns all snapshots, changed or not, and a line for each change that says what it made of what
 * @throws UsageError where a change names no node that there is, or its kernel would refuse it
 */
export function applyChanges(
  snapshots: readonly Snapshot[],
  changes: readonly Change[],
): { snapshots: Snapshot[]; notes: string[] } {
  const result = [...snapshots];
  const notes: string[] = [];
  for (const change of changes) {
    const at = placeOf(result, change);
    const before = result[at]!;
    const after = applyChange(before, change);
    result[at] = after;
    notes.push(noteOf(before, after, change));
  }
  return { snapshots: result, notes };
}

function placeOf(snapshots: readonly Snapshot[], change: Change): number {
  const { node, netns } = change;
  const names = snapshots.map(nameOf);
  const known =
    names.length > 0
      ? `there is ${names.join(', ')}`
      : 'no node has one: give a bundle or a dump, not captures alone';
  if (node === null) {
    const own = snapshots.flatMap((snapshot, i) => (snapshot.netns === null ? [i] : []));
    const only = own.length === 1 ? own : snapshots.length === 1 ? [0] : [];
    if (only.length === 1) return only[0]!;
    if (names.length === 0) throw badChange(change, `no snapshot to change: ${known}`);
    throw badChange(change, `of which node? Write one of ${names.join(', ')} and a colon before it`);
  }
  const at = snapshots.findIndex((snapshot) => snapshot.node === node && snapshot.netns === netns);
  if (at >= 0) return at;
  const wanted = stationLabel(node, netns);
  throw badChange(change, `no snapshot of ${wanted}: ${known}`);
}

function nameOf({ node, netns }: Snapshot): string {
  return stationLabel(node, netns);
}
