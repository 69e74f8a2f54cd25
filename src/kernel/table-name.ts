const TABLE_NUMBERS: Readonly<Record<string, string>> = { 253: 'default', 254: 'main', 255: 'local' };

/** `main` for 254, and so on: `ip -N` prints numbers. */
export function tableName(name: string): string {
  return TABLE_NUMBERS[name] ?? name;
}
