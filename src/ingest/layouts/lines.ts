/** As many empty lines as a text has: what comes after it keeps the numbers of its lines. */
export function blank(text: string): string {
  return '\n'.repeat(text.split('\n').length - 1);
}
