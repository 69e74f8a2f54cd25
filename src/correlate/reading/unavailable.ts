/** What says that the system, or whoever started Node.js, allows no thread or no more memory for one. */
const CODES = ['ERR_WORKER_INIT_FAILED', 'ERR_WORKER_OUT_OF_MEMORY', 'ERR_ACCESS_DENIED'];

/** Whether a thread failed for want of what it needs, and not by a bug. */
export function isUnavailable(error: unknown): boolean {
  return CODES.includes(String((error as NodeJS.ErrnoException | null)?.code));
}
