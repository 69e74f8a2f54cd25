/** The two kinds of failure that are the user's to mend. Any other error is a bug and shows itself as one. */

/** Bad usage: a flag or argument that cannot be taken. One line, exit status 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** An input that cannot be read: which file, where in it, and why. One line, exit status 2. */
export class InputError extends Error {
  override name = 'InputError';
  readonly file: string;
  readonly offset: number | null;
  readonly reason: string;

  /**
   * @param file as the user named it; a member of an archive as `ARCHIVE:MEMBER`
   * @param offset octets into the (decompressed) file, null where the place says nothing
   * @param reason what is wrong and, where there is one, the cure
   */
  constructor(file: string, offset: number | null, reason: string) {
    super(offset === null ? `${file}: ${reason}` : `${file}: at octet ${offset}: ${reason}`);
    this.file = file;
    this.offset = offset;
    this.reason = reason;
  }
}
