/**
 * Listens over TCP and never accepts: its queue is full, so that the kernel drops each further SYN. Arguments: address,
 * port, and how many connections are to be half open before the queue is filled; their ACKs are then dropped as well. With
 * none it is full before it says that it is ready. Runs until it is stopped.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';

/** Of the connections that are half open, too: of more, cookies are sent (tcp_syncookies). */
const BACKLOG = 4;
const POLL_MS = 10;

/** As `/proc/net/tcp` has the state of those whose ACK has not come (TCP_SYN_RECV). */
const HALF_OPEN = / 03 /;

const [address, port, awaited, filling] = process.argv.slice(2) as [string, string, string, string?];

if (filling === undefined) {
  createServer().listen(Number(port), address, BACKLOG, () => {
    const args = [process.argv[1]!, address, port, awaited, 'fill'];
    // Beside it: whoever turns the loop here accepts what comes in. It ends with its standard input.
    spawn(process.execPath, args, { stdio: ['pipe', 'inherit', 'inherit'] });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
} else {
  process.stdin.on('end', () => process.exit()).resume();
  if (awaited !== '0') process.stdout.write('ready\n');
  const wait = () => new Promise((resolve) => setTimeout(resolve, POLL_MS));
  while (halfOpen() < Number(awaited)) await wait();
  // sk_acceptq_is_full() asks for more than the backlog.
  await Promise.all(
    Array.from(
      { length: BACKLOG + 1 },
      () => new Promise<void>((resolve) => connect(Number(port), address, resolve).on('error', () => {})),
    ),
  );
  if (awaited === '0') process.stdout.write('ready\n');
}

function halfOpen(): number {
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => HALF_OPEN.test(line)).length;
}
