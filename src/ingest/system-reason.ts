/** Why the system would not open something, in words, with the cure where there is one. */
export function systemReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'no such file or directory';
  if (code === 'EACCES') return 'permission denied; run as a user who may read it';
  return message;
}
