/**
 * Makes connections, or asks as often by UDP or ICMP echo, and says on standard output, in JSON, what came of each.
 * Argument: an `Errand` in JSON. A connection is good only once the whole response is there.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { ClientResult, Errand } from '../truth.js';

/** As resolvers do: the question again after a second. */
const ASK_AGAIN_MS = 1000;

const errand = JSON.parse(process.argv[2]!) as Errand;

interface Ending {
  result: ClientResult['result'];
  server: string | null;
}

function byTcp(sourcePort: number, settle: (ending: Ending) => void): void {
  const socket = connect({ host: errand.address, port: errand.port, localPort: sourcePort });
  const end = (result: Ending['result'], server: string | null = null) => {
    clearTimeout(timer);
    socket.destroy();
    settle({ result, server });
  };
  const timer = setTimeout(() => end('timeout'), errand.timeoutMs);
  const { pauseMs = 0, cookieOctets = 0, responseOctets, closes = false } = errand;
  const headers = [
    ...(cookieOctets > 0 ? [`Cookie: ${'c'.repeat(cookieOctets)}`] : []),
    ...(responseOctets === undefined ? [] : [`X-Octets: ${responseOctets}`]),
    ...(responseOctets === undefined || closes ? [] : ['Connection: keep-alive']),
  ];
  let response = '';
  const request = ['GET / HTTP/1.0', ...headers, '', ''].join('\r\n');
  socket.on('connect', () => setTimeout(() => socket.write(request), pauseMs));
  const settled = () => end('connected', /^Server: (.*)\r$/m.exec(response)?.[1] ?? null);
  socket.on('data', (chunk) => {
    response += chunk;
    // Of one that is kept alive, nothing else tells the end.
    if (
      responseOctets !== undefined &&
      !closes &&
      response.length >= responseOctets + response.indexOf('\r\n\r\n') + 4
    )
      settled();
  });
  socket.on('end', settled);
  socket.on('error', ({ code }: NodeJS.ErrnoException) => end(ENDINGS[code ?? ''] ?? 'reset'));
}

function byUdp(sourcePort: number, settle: (ending: Ending) => void): void {
  const socket = createSocket(errand.address.includes(':') ? 'udp6' : 'udp4');
  const ask = () => socket.send(`question ${sourcePort}`);
  const again = setInterval(ask, ASK_AGAIN_MS);
  const end = (result: Ending['result'], server: string | null = null) => {
    clearTimeout(timer);
    clearInterval(again);
    socket.close();
    settle({ result, server });
  };
  const timer = setTimeout(() => end('timeout'), errand.timeoutMs);
  socket.on('message', (answer) => end('connected', String(answer)));
  socket.on('error', ({ code }: NodeJS.ErrnoException) => end(ENDINGS[code ?? ''] ?? 'reset'));
  // A connected socket takes answers from the address asked alone, and hears of ICMP errors.
  socket.bind(sourcePort, () => socket.connect(errand.port, errand.address, ask));
}

function byEcho(identifier: number, settle: (ending: Ending) => void): void {
  const seconds = Math.floor(errand.timeoutMs / 1000);
  const argv = ['-n', '-e', String(identifier), '-c', '1', '-W', String(seconds)];
  const ping = spawn('ping', [...argv, errand.address], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  ping.stdout.on('data', (chunk) => {
    output += chunk;
  });
  ping.on('close', () => {
    const result = /bytes from/.test(output)
      ? 'connected'
      : /nreachable|exceeded|prohibited/.test(output)
        ? 'unreachable'
        : 'timeout';
    settle({ result, server: null });
  });
}

const ENDINGS: Record<string, Ending['result']> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EACCES: 'unreachable',
  ETIMEDOUT: 'timeout',
};

const TRIES = { tcp: byTcp, udp: byUdp, icmp: byEcho };

function tryOnce(sourcePort: number): Promise<ClientResult> {
  const start = performance.now();
  return new Promise((resolve) =>
    TRIES[errand.protocol](sourcePort, (ending) =>
      resolve({ sourcePort, milliseconds: Math.round(performance.now() - start), ...ending }),
    ),
  );
}

const results = await Promise.all(
  errand.sourcePorts.map(async (port, i) => {
    await new Promise((resolve) => setTimeout(resolve, i * errand.staggerMs));
    return tryOnce(port);
  }),
);
process.stdout.write(JSON.stringify(results));
