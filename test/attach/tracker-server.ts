/** A server of one's own that speaks what a tracker documents. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | 'hang up';

export class TrackerServer {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  url = '';

  constructor(answer: (seen: Seen) => Answer) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const seen = { method, url, headers, body: Buffer.concat(chunks).toString('latin1') };
        this.seen.push(seen);
        this.#answer(answer(seen), request, response);
      });
    });
  }

  /** Until the test ends. */
  async start(t: ExecutionContext): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    t.teardown(() => this.stop());
    return this;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  posts(): Seen[] {
    return this.seen.filter(({ method }) => method === 'POST');
  }

  #answer(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
    if (answer === 'hang up') {
      request.socket.destroy();
      return;
    }
    const { status, body, headers } = answer;
    response.writeHead(status, { 'Content-Type': 'application/json', Connection: 'close', ...headers });
    response.end(body === undefined ? '' : JSON.stringify(body));
  }
}
