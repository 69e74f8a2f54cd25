/**
 * A value with the files below a directory named from it on, in whatever it says of them: nobody can go and look in a
 * directory that is gone.
 */
export function withinDirectory<T>(value: T, directory: string): T {
  const prefix = `${directory}/`;
  const named = (part: unknown): unknown => {
    if (typeof part === 'string') return part.includes(prefix) ? part.replaceAll(prefix, '') : part;
    if (Array.isArray(part)) return part.map(named);
    if (part === null || typeof part !== 'object') return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [key, named(inner)]));
  };
  return named(value) as T;
}
