import { LINK_TYPE_SPACE } from './cursor.js';
import { decoderOf } from './registry.js';

/** Whether packets of this LINKTYPE_ value (without the FCS bits) can be decoded. */
export function canDecode(linkType: number): boolean {
  return linkType >= 0 && linkType < LINK_TYPE_SPACE && decoderOf(linkType) !== undefined;
}
