import type { Doubts } from './doubts.js';
import { type Flow, outputFlow, type PacketDetails } from './flow.js';
import type { KernelState } from './state.js';

/** A packet that the node itself sends. */
export interface OutputQuestion extends PacketDetails {
  /** Null where the kernel is to choose it, as for a socket that is not bound to an address. */
  source: string | null;
  destination: string;
  /** The device that the socket is bound to. */
  oif?: string;
  /** Of the sending process, for `uidrange` rules. */
  uid?: number;
}

/**
 * The flow of a packet that the node sends, bound to the VRF that has its source: the address is in no table but the
 * VRF's, so no socket outside it has it (inet_addr_type_table()).
 */
export function senderFlow({ interfaces }: KernelState, question: OutputQuestion, doubts: Doubts): Flow {
  const flow = outputFlow(question);
  const { source } = flow;
  const { vrfs } = interfaces;
  if (vrfs.areNone || flow.oif !== null || source === null) return flow;
  const vrf = interfaces.vrfOfAddress(source.text);
  if (vrf !== null) return { ...flow, oif: vrf };
  const holders = interfaces.localAddresses.filter((own) => own.address === source.text);
  const names = holders.map((own) => own.interface);
  // An address of no link's: by which interface its requests come in decides, and what its program is bound to.
  if (names.every((name) => name === 'lo' || interfaces.link(name)?.kind === 'dummy')) {
    doubts.add(
      `whether what sends from ${source.text} is bound to a VRF is not told: taken as bound to none`,
    );
  }
  return flow;
}
