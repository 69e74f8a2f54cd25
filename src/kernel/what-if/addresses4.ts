/** inet_rtm_newaddr() and inet_rtm_deladdr() of net/ipv4/devinet.c. */
import type { InterfaceAddress, Snapshot } from '../../model/snapshot.js';
import type { AddressRequest } from './change.js';
import { Devices } from './devices.js';
import { inNetwork } from './network.js';
import { Interface4, isOfSubnet, isSecondary, remote } from './prefix-routes4.js';
import { Refusal } from './refusal.js';
import { scopeNumber } from './values.js';

/** @throws Refusal */
export function addAddress4(snapshot: Snapshot, request: AddressRequest, replaces: boolean): Snapshot {
  const device = new Interface4(snapshot, request.interface);
  const own: InterfaceAddress = {
    interface: request.interface,
    address: request.address,
    prefixLength: request.prefixLength,
    peer: request.peer,
    broadcast: request.broadcast === '0.0.0.0' ? null : request.broadcast,
    scope: request.scope,
    flags: request.flags,
  };
  if (own.address === '0.0.0.0') throw new Refusal('Invalid argument', '0.0.0.0 is no address of a node');
  const same = device.list.find((other) => isOfSubnet(own, other) && other.address === own.address);
  if (same) {
    if (!replaces) {
      throw new Refusal(
        'File exists',
        `${own.interface} has ${own.address}/${own.prefixLength}; use replace`,
      );
    }
    device.changeMetric(same, request.metric);
    return device.result;
  }
  insert(device, own);
  device.addRoutes(own, request.metric);
  device.wakeHops();
  return device.result;
}

/** __inet_insert_ifa(): primaries by scope, the wider first; all others behind them. */
function insert(device: Interface4, own: InterfaceAddress): void {
  const scope = scopeNumber(own.scope);
  let lastPrimary = 0;
  for (const [i, other] of device.list.entries()) {
    if (!isSecondary(other) && scope <= scopeNumber(other.scope)) lastPrimary = i + 1;
    if (!isOfSubnet(own, other)) continue;
    if (other.scope !== own.scope) {
      throw new Refusal(
        'Invalid scope value',
        `${other.address} of the same network has scope ${other.scope}`,
      );
    }
    if (!isSecondary(own)) own.flags = ['secondary', ...own.flags];
  }
  device.list.splice(isSecondary(own) ? device.list.length : lastPrimary, 0, own);
}

/** @throws Refusal */
export function deleteAddress4(snapshot: Snapshot, request: AddressRequest): Snapshot {
  const device = new Interface4(snapshot, request.interface);
  const own = device.list.find(
    (other) =>
      other.address === request.address &&
      (!request.exact ||
        (other.prefixLength === request.prefixLength &&
          inNetwork(remote(other), other.prefixLength, request.peer ?? request.address))),
  );
  if (!own) {
    const has = device.list.map((other) => `${other.address}/${other.prefixLength}`).join(', ');
    throw new Refusal(
      'Cannot assign requested address',
      `${request.interface} has ${has || 'no IPv4 address'}`,
    );
  }
  remove(device, own, promotes(new Devices(snapshot), request.interface));
  return device.result;
}

/** IN_DEV_PROMOTE_SECONDARIES() */
function promotes(devices: Devices, name: string): boolean {
  return ['all', name].some((of) => devices.setting(4, of, 'promote_secondaries', 0) !== 0);
}

/** __inet_del_ifa(): with a primary go its secondaries, unless the first of them takes its place. */
function remove(device: Interface4, own: InterfaceAddress, promote: boolean): void {
  const at = device.list.indexOf(own);
  const behind = device.list.slice(at + 1);
  const secondaries = isSecondary(own)
    ? []
    : behind.filter((other) => isSecondary(other) && isOfSubnet(other, own));
  const [heir] = promote ? secondaries : [];
  if (heir) for (const other of secondaries) device.deleteRoutes(other, own);
  else for (const other of secondaries) unlink(device, other);
  const lastPrimary = behind.findLast(
    (other) => !isSecondary(other) && scopeNumber(own.scope) <= scopeNumber(other.scope),
  );
  unlink(device, own);
  if (!heir) return;
  const promoted = { ...heir, flags: heir.flags.filter((flag) => flag !== 'secondary') };
  const rest = device.list.filter((other) => other !== heir);
  const to = lastPrimary ? rest.indexOf(lastPrimary) + 1 : at;
  device.list = [...rest.slice(0, to), promoted, ...rest.slice(to)];
  device.addRoutes(promoted, 0);
  device.wakeHops();
  for (const other of secondaries.slice(1)) device.addRoutes(other, 0);
}

function unlink(device: Interface4, own: InterfaceAddress): void {
  device.list = device.list.filter((other) => other !== own);
  device.deleteRoutes(own, null);
  if (device.list.length === 0) device.disable();
}
