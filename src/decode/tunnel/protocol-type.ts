import { DONE, ETHER_TYPE, type Next } from '../cursor.js';

const TRANSPARENT_ETHERNET_BRIDGING = 0x6558;
const ETHERNET = 1;

/** What the Protocol Type of GRE and Geneve, an EtherType, announces; DONE where that is not entered. */
export function nextOfProtocolType(type: number): Next {
  switch (type) {
    case TRANSPARENT_ETHERNET_BRIDGING:
      return ETHERNET;
    case 0x0800:
    case 0x86dd:
    case 0x8847:
      return ETHER_TYPE + type;
    default:
      return DONE;
  }
}
