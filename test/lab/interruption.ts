import { setMaxListeners } from 'node:events';

/** Aborted when the process is told to end, so that namespaces and directories are taken down before it does. */
export function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}, everything taken down`)));
  }
  // Every command and wait of every ground listens.
  setMaxListeners(0, interrupted.signal);
  return interrupted.signal;
}
