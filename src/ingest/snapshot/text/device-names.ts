/** A device as `ip link` prints it: `eth0.5@eth0`. A name may hold an `@` of its own. */
interface Printed {
  name: string;
  fields: Readonly<Record<string, unknown>>;
}

interface DeviceName {
  name: string;
  /** What stands behind the `@`; null where nothing does. */
  lower: string | null;
}

/** Takes names and what they lie on apart: at the `@` behind which the name of a device may stand. */
export function deviceNames(links: readonly Printed[]): DeviceName[] {
  const splits = links.map(({ name }) => splitsOf(name));
  const known = new Set(splits.flatMap((list) => list.map((split) => split.name)));
  // The first device of every namespace.
  const isWhole = links.some(({ fields }) => fields.ifindex === 1);
  return splits.map((list) => {
    const told = list.find(({ lower }) => lower !== null && (known.has(lower) || isNoDevice(lower)));
    const split = told ?? (isWhole ? list.at(-1) : list[0]);
    return split!.lower === 'NONE' ? { ...split!, lower: null } : split!;
  });
}

/** The last `@` first; the name as a whole last. */
function splitsOf(printed: string): DeviceName[] {
  const splits: DeviceName[] = [{ name: printed, lower: null }];
  for (let at = printed.indexOf('@', 1); at > 0; at = printed.indexOf('@', at + 1)) {
    splits.unshift({ name: printed.slice(0, at), lower: printed.slice(at + 1) });
  }
  return splits;
}

/** One that the namespace has no name for, or none at all. */
function isNoDevice(lower: string): boolean {
  return lower === 'NONE' || /^if\d+$/.test(lower);
}
