/** The output of `nft list ruleset`, with `-a` or without, as `nft -j list ruleset` would tell the same. */

import { eachPart } from './blocks.js';
import { eachObject } from './objects.js';

/**
 * @param file as the user would name it
 * @param warn told once where something cannot be read
 * @returns the shape of libnftables-json(5). Rules and objects that cannot be read stand there as `unread` with
 *   their own words, so that whoever runs the rules knows that there is something
 */
export function readNftText(
  text: string,
  file: string,
  warn: (message: string) => void,
): { nftables: unknown[] } {
  const nftables: unknown[] = [];
  const unread: string[] = [];
  for (const part of eachPart(text)) {
    for (const object of eachObject(part, text)) {
      nftables.push(object);
      const said = unreadOf(object);
      if (said !== null) unread.push(said);
    }
  }
  if (unread.length > 0) {
    const said = unread[0]!.length > 80 ? `${unread[0]!.slice(0, 80)}…` : unread[0];
    warn(
      `${file}: ${unread.length} parts are not as \`nft list ruleset\` prints them, the first is: ${said}`,
    );
  }
  return { nftables };
}

interface Unreadable {
  unread?: string;
  rule?: { expr: { unread?: string }[] };
}

function unreadOf(object: unknown): string | null {
  const { unread, rule } = object as Unreadable;
  return unread ?? rule?.expr.at(-1)?.unread ?? null;
}
