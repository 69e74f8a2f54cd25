/**
 * Makes connections and says on standard output, in JSON, what came of each. Argument: an `Errand` in JSON.
 * A connection is good only once the whole response is there.
 */
import { connect } from 'node:net';
import type { ClientResult, Errand } from '../truth.js';

const errand = JSON.parse(process.argv[2]!) as Errand;

function tryOnce(sourcePort: number): Promise<ClientResult> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: errand.address, port: errand.port, localPort: sourcePort });
    const settle = (result: ClientResult['result'], server: string | null = null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ sourcePort, result, milliseconds: Math.round(performance.now() - start), server });
    };
    const timer = setTimeout(() => settle('timeout'), errand.timeoutMs);
    let response = '';
    socket.on('connect', () => socket.write('GET / HTTP/1.0\r\n\r\n'));
    socket.on('data', (chunk) => {
      response += chunk;
    });
    socket.on('end', () => settle('connected', /^Server: (.*)\r$/m.exec(response)?.[1] ?? null));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') settle('refused');
      else if (error.code === 'ECONNRESET') settle('reset');
      else reject(error);
    });
  });
}

const results = await Promise.all(
  errand.sourcePorts.map(async (port, i) => {
    await new Promise((resolve) => setTimeout(resolve, i * errand.staggerMs));
    return tryOnce(port);
  }),
);
process.stdout.write(JSON.stringify(results));
