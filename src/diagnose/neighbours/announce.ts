/** Having an address announced again by who has it. */
import type { FixCommand } from '../../model/analysis.js';
import type { DiagnosisContext } from '../context.js';
import { shellWord } from '../shell-word.js';
import type { Party } from './misled.js';

/**
 * What its owner's kernel can be told to send. None for IPv6, and none for an address that is not the node's own, as a
 * speaker's is: arping binds to what it announces, and is refused ("Cannot assign requested address").
 */
export function announcing(
  { node, interface: name }: Omit<Party, 'mac'>,
  address: string,
  context: DiagnosisContext,
): FixCommand[] {
  if (node === null || name === null || address.includes(':')) return [];
  if (!context.node(node)?.model?.hasAddress(address)) return [];
  return [{ node, command: `arping -U -c 3 -I ${shellWord(name)} ${address}`, persists: false }];
}

/** To follow `have X announce the address again`, where no command does it. */
export function announcer(commands: readonly FixCommand[], address: string): string {
  return commands.length > 0 || address.includes(':')
    ? ''
    : ' (what answers for it there, as a speaker does, announces it when it is started anew)';
}
