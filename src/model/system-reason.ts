/**
 * What Node.js makes of octets of a name that are no UTF-8. They cannot be given back, so that no such file is found
 * though it is there.
 */
const LOST_OCTETS = '\ufffd';

/** What to say where there is no such file. */
export function absence(path: string): string {
  return path.includes(LOST_OCTETS) ? '; if its name is not in UTF-8, rename it' : '';
}

/** Why the system would not open something, in words, with the cure where there is one. */
export function systemReason(error: unknown): string {
  const { code, message, path = '' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `no such file or directory${absence(path)}`;
  if (code === 'EACCES') return 'permission denied; run as a user who may read it';
  return message;
}
