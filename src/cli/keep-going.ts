/** `--keep-going`, as all commands have it that read several inputs. */
export const KEEP_GOING = {
  describe: 'pass over what cannot be read, and say so',
  type: 'boolean',
  default: false,
} as const;
