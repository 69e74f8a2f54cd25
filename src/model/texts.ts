/** By code units: the same order on every machine, whatever its locale. */
export function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `1,234,567`, of a whole number. Not `toLocaleString`, which takes tens of milliseconds to get ready. */
export function numberText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
