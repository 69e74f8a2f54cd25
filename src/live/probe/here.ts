import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, isIPv6, type Socket } from 'node:net';
import type { ProbeResult } from '../../model/analysis.js';
import { type Opened, type Opener, PORT_IN_USE } from './opener.js';
import { TIMEOUT_MS } from './plan.js';

const RESULTS: Readonly<Record<string, ProbeResult>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  EHOSTUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  ETIMEDOUT: 'timeout',
};
/** Who accepts and does not want the connection resets it so soon. */
const LINGER_MS = 200;

/** Opens connections from this machine. */
export class HereOpener implements Opener {
  readonly #vip: string;
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #isEnded = false;

  constructor(vip: string, port: number) {
    this.#vip = vip;
    this.#port = port;
  }

  /** By the kernel's own choice for the way there; a datagram socket that is connected has sent nothing. */
  async begin(): Promise<string | null> {
    const socket = createSocket(isIPv6(this.#vip) ? 'udp6' : 'udp4');
    try {
      socket.connect(this.#port, this.#vip);
      await once(socket, 'connect');
      return socket.address().address;
    } catch {
      return null; // no way there: each connection will say so
    } finally {
      socket.close();
    }
  }

  async open(sourcePort: number): Promise<Opened | typeof PORT_IN_USE | null> {
    const begun = performance.now();
    const socket = connect({ host: this.#vip, port: this.#port, localPort: sourcePort });
    this.#sockets.add(socket);
    const timer = setTimeout(() => socket.destroy(systemError('ETIMEDOUT')), TIMEOUT_MS);
    try {
      await once(socket, 'connect');
      const tookMs = performance.now() - begun;
      clearTimeout(timer);
      const error = await this.#finish(socket);
      return error === null ? { result: 'connected', tookMs, why: null } : opened(error, tookMs);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EADDRINUSE' || code === 'EADDRNOTAVAIL') return PORT_IN_USE;
      return this.#isEnded ? null : opened(error as NodeJS.ErrnoException, performance.now() - begun);
    } finally {
      clearTimeout(timer);
      this.#sockets.delete(socket);
    }
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    for (const socket of this.#sockets) socket.destroy(systemError('ECANCELED'));
  }

  /** Ends a connection that was made, as its server expects. @returns why it was reset; null where it was not */
  #finish(socket: Socket): Promise<NodeJS.ErrnoException | null> {
    return new Promise((resolve) => {
      const late = setTimeout(() => socket.destroy(), LINGER_MS);
      let failure: NodeJS.ErrnoException | null = null;
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ECANCELED') failure = error;
      });
      socket.on('close', () => {
        clearTimeout(late);
        resolve(failure);
      });
      // What the server says first is of no interest; unread, it would make the end a reset.
      socket.resume();
      socket.end();
    });
  }
}

function opened({ code = '', message }: NodeJS.ErrnoException, tookMs: number): Opened {
  const result = RESULTS[code] ?? 'error';
  return { result, tookMs, why: result === 'error' ? message : null };
}

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
