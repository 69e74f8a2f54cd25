import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../../model/errors.js';
import { networkReason } from '../../model/system-reason.js';
import type { Metrics } from './metrics.js';

/** Where metrics are served. */
export interface MetricsServer {
  url: string;
  stop(): Promise<void>;
}

/**
 * Serves `/metrics`, and `/healthz` for probes.
 *
 * @param listen `HOST:PORT`, `[HOST]:PORT` for IPv6; port 0: any that is free
 * @throws UsageError where nothing can listen there
 */
export async function serveMetrics(metrics: Metrics, listen: string): Promise<MetricsServer> {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new UsageError(`--listen ${listen}: not HOST:PORT`);
  const server = createServer(async ({ method, url }, response) => {
    if (method !== 'GET' && method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    } else if (url === '/metrics') {
      const text = await metrics.registry.metrics();
      response.writeHead(200, { 'Content-Type': metrics.registry.contentType }).end(text);
    } else if (url === '/healthz') response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok\n');
    else response.writeHead(404, { 'Content-Type': 'text/plain' }).end('there is /metrics\n');
  });
  await listening(server, port, match[1] ?? match[2]!, listen);
  const { address, port: bound, family } = server.address() as AddressInfo;
  const host = family === 'IPv6' ? `[${address}]` : address;
  return {
    url: `http://${host}:${bound}/metrics`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, port: number, host: string, listen: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(new UsageError(`--listen ${listen}: ${networkReason(error)}`)));
    server.listen(port, host, resolve);
  });
}
