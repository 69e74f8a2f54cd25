import { sysctlKey, sysctlValue } from '../../../kernel/sysctl.js';
import { familyOf } from '../../../model/address.js';
import type { Station } from '../../../network/station.js';
import { shellWord } from '../../shell-word.js';
import { COST, type FixIdea, type IdeasFor } from '../idea.js';
import { type Step, step } from '../step.js';

export const forwardingIdeas: IdeasFor = ({ risks }) => {
  const { station, interface: name, leg } = risks[0]!;
  if (name === null) return [];
  if (familyOf(leg.passage.packet.destination.text) === 6) return [forwarding6(station, name)];
  const whole = forwarding(station, name, 'net.ipv4.ip_forward');
  if (station.snapshot.sysctl?.get('net.ipv4.ip_forward') === '0') return [whole];
  return [forwarding(station, name, sysctlKey('net.ipv4.conf', name, 'forwarding'))];
};

function forwarding(station: Station, name: string, key: string, before: Step[] = []): FixIdea {
  const routes = before.length === 0 ? '' : ' and still take its default route from router advertisements';
  return {
    summary: `Let ${station.label} pass on what comes in by ${name}${routes}.`,
    steps: [...before, step(station, `sysctl -w ${shellWord(`${key}=1`)}`)],
    risk: `${station.label} then routes between its networks for whoever sends to it: its FORWARD rules have to say what it may pass on.`,
    cost: COST.change,
  };
}

/** A router takes no router advertisements, unless accept_ra is 2 (ip-sysctl.rst): its default route would expire. */
function forwarding6(station: Station, name: string): FixIdea {
  const { routes6, snapshot } = { routes6: station.snapshot.routes6 ?? [], snapshot: station.snapshot };
  const advertised = routes6
    .filter((route) => route.protocol === 'ra')
    .flatMap((route) => route.nextHops.map((hop) => hop.interface));
  const keeping = [...new Set(advertised)]
    .filter((device) => device !== null)
    .filter((device) => sysctlValue(snapshot, 'net.ipv6.conf', device, 'accept_ra') !== '2')
    .map((device) =>
      step(station, `sysctl -w ${shellWord(`${sysctlKey('net.ipv6.conf', device, 'accept_ra')}=2`)}`),
    );
  return forwarding(station, name, 'net.ipv6.conf.all.forwarding', keeping);
}
