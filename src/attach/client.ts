import { type SendOptions, send, TrackerError, type TrackerRequest } from './http.js';
import type { Client } from './tracker.js';

/** Longer bodies are cut where a dry run shows them. */
const SHOWN = 4000;

/** Sends what changes something once: where the answer was lost, it looks before it sends again. */
export function sendingClient(options: SendOptions = {}): Client {
  return {
    read: (request) => send(request, options),
    async change(request, isDone) {
      try {
        return await send(request, options);
      } catch (error) {
        if (!(error instanceof TrackerError) || !error.mayBeDone) throw error;
        const done = await isDone();
        if (done === null) throw error;
        return done ? { status: 200, body: null } : send(request, options);
      }
    },
  };
}

/** Shows what would be sent, with the token left out, and sends nothing. */
export function showingClient(show: (text: string) => void): Client {
  return {
    read: async () => ({ status: 200, body: [] }),
    async change(request) {
      show(shown(request));
      return { status: 200, body: null };
    },
  };
}

function shown(request: TrackerRequest): string {
  const { method, url, hasSecretPath = false, headers = {}, authorization, body, files = [] } = request;
  const lines = [`${method} ${hasSecretPath ? `${new URL(url).origin}/(left out)` : url}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  for (const name of Object.keys(authorization)) lines.push(`${name}: (left out)`);
  for (const { name, type, octets } of files) lines.push(`file ${name} (${type}, ${octets.length} octets)`);
  if (body !== undefined) {
    const text = JSON.stringify(body, null, 2);
    const rest = text.length - SHOWN;
    lines.push('', rest > 0 ? `${text.slice(0, SHOWN)}\n(and ${rest} more characters)` : text);
  }
  return `${lines.join('\n')}\n`;
}
