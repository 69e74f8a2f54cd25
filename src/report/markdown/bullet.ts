import { prose } from './inline.js';

/** `- **Where:** node1`, of escaped text. */
export function bullet(label: string, text: string): string {
  return `- **${label}:** ${prose(text)}`;
}
