import type { Link } from '../../model/snapshot.js';
import type { Doubts } from '../doubts.js';
import type { KernelState } from '../state.js';

/** The device to which a frame that came in by another one is handed. */
export interface Receiver {
  name: string;
  /** Null where ip-link.json does not tell of it. */
  link: Link | null;
  /** Why it gets no frame; null where it does. */
  deaf: string | null;
}

/** Masters whose rx_handler takes a port's frames for itself. */
const TAKES_FRAMES = new Set(['bridge', 'bond', 'team']);

/**
 * The device that ARP and NDP see as the one a frame came in by: a port's frames are its bridge's or bond's. A
 * VRF leaves them to the port, and a VLAN's come in by the VLAN device, which is to be asked for by its own name.
 */
export function receiverAt(state: KernelState, name: string, doubts: Doubts): Receiver {
  let link = state.interfaces.link(name);
  if (!link) {
    doubts.add(
      state.snapshot.links
        ? `ip-link.json has no interface ${name}`
        : 'ip-link.json is missing: links are not known',
    );
    return { name, link, deaf: null };
  }
  let deaf = deafness(link);
  const passed = new Set([name]);
  while (link.master !== null && !passed.has(link.master)) {
    passed.add(link.master);
    const master = state.interfaces.link(link.master);
    if (master?.kind === 'openvswitch') {
      doubts.add(`${link.name} is a port of ${master.name}, whose flow table decides who gets its frames`);
    }
    if (!master?.kind || !TAKES_FRAMES.has(master.kind)) break;
    link = master;
    deaf ??= deafness(master);
  }
  return { name: link.name, link, deaf };
}

function deafness(link: Link): string | null {
  if (!link.flags.includes('UP')) return `${link.name} is down`;
  if (!link.flags.includes('LOWER_UP')) return `${link.name} has no carrier`;
  return null;
}
