import { availableParallelism } from 'node:os';

/** Threads that files are read in at once: as many as the user asked for, by default as there are cores. */
export function threadsOf({ threads }: { threads?: number | undefined }): number {
  return threads ?? availableParallelism();
}
