/**
 * Listens over TCP and never accepts: its queue is full before it says that it is ready, so that the kernel drops each
 * further SYN. Arguments: address, port. Runs until it is stopped.
 */
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';

const BACKLOG = 1;

const [address, port, filling] = process.argv.slice(2) as [string, string, string | undefined];

if (filling === undefined) {
  createServer().listen(Number(port), address, BACKLOG, () => {
    const self = process.argv[1]!;
    // Beside it: whoever turns the loop here accepts what comes in. It ends with its standard input.
    spawn(process.execPath, [self, address, port, 'fill'], { stdio: ['pipe', 'inherit', 'inherit'] });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
} else {
  process.stdin.on('end', () => process.exit()).resume();
  // sk_acceptq_is_full() asks for more than the backlog.
  await Promise.all(
    Array.from(
      { length: BACKLOG + 1 },
      () => new Promise<void>((resolve) => connect(Number(port), address, resolve).on('error', () => {})),
    ),
  );
  process.stdout.write('ready\n');
}
