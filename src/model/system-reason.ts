/**
 * What Node.js makes of octets of a name that are no UTF-8. They cannot be given back, so that no such file is found
 * though it is there.
 */
const LOST_OCTETS = '\ufffd';

/** What to say where there is no such file. */
export function absence(path: string): string {
  return path.includes(LOST_OCTETS) ? '; if its name is not in UTF-8, rename it' : '';
}

/** Why the system would not open or read something, in words, with the cure where there is one. */
export function readReason(error: unknown): string {
  const { code, message, path = '' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `no such file or directory${absence(path)}`;
  if (code === 'ENOTDIR') return 'a part of its path is a file, not a directory';
  if (code === 'EISDIR') return 'is a directory';
  if (code === 'EACCES') return 'permission denied; run as a user who may read it';
  return message;
}

/** Why it would not write or make something. */
export function writeReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return WRITE_REASONS[code ?? ''] ?? message;
}

const WRITE_REASONS: Partial<Record<string, string>> = {
  // Whoever asks before the work is done has told the plain case; some directories, as those of /proc, take no files.
  ENOENT: 'its directory does not exist, or takes no files',
  ENOTDIR: 'a part of its path is a file',
  EISDIR: 'is a directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'its file system is read-only',
  ENOSPC: 'no space is left on the device',
};

/** Why nothing listens at an address of this machine, or no connection was made to one of another. */
export function networkReason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  // Where several addresses were tried, the error has no text of its own.
  return NETWORK_REASONS[code ?? ''] ?? (message || code || 'no connection');
}

const OF_NO_AUTHORITY =
  'its certificate is of no authority that is known here; NODE_EXTRA_CA_CERTS names the file with yours';

const NETWORK_REASONS: Partial<Record<string, string>> = {
  EADDRINUSE: 'another program listens there; give another port',
  EADDRNOTAVAIL: 'is no address of this machine',
  EACCES: 'permission denied; ports below 1024 want root',
  ECONNREFUSED: 'the connection was refused; is the address right, and the port?',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'there is no such host name',
  EAI_AGAIN: 'its name could not be looked up; is there a name server?',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'its network cannot be reached',
  UND_ERR_CONNECT_TIMEOUT: 'no connection was made in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: OF_NO_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: OF_NO_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: OF_NO_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: OF_NO_AUTHORITY,
};
