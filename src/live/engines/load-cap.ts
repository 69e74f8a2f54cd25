/** A handle of libpcap, as the package `cap` gives it. */
export interface CapHandle {
  /** @returns the link type */
  open(device: string, filter: string, bufferSize: number, buffer: Buffer): string;
  on(event: 'packet', listener: (length: number, truncated: boolean) => void): void;
}

export interface CapModule {
  Cap: new () => CapHandle;
}

/** The package, where it could be built; else null. */
export async function loadCap(): Promise<CapModule | null> {
  try {
    const loaded = (await import('cap' as string)) as CapModule & { default?: CapModule };
    return loaded.default ?? loaded;
  } catch {
    return null;
  }
}
