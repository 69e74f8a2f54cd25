/** A shell script on a node, by a transport. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Transport } from './transport.js';

/**
 * Reads the script from standard input, whose length is in the line before it: no program on the way has to carry it as
 * an argument, and it begins when somebody listens.
 */
const BOOTSTRAP = 'read -r n && s=$(dd bs=1 count="$n" 2>/dev/null) && eval "$s"';

/** Starts the script; what is written to the process's standard input from now on is the script's to read. */
export function startOnNode(transport: Transport, script: string): ChildProcessWithoutNullStreams {
  const [program = '', ...args] = transport.argv(BOOTSTRAP);
  // In a process group of its own: Ctrl-C at the terminal is for this process, which ends the node's as it should.
  const child = spawn(program, args, { detached: true, stdio: 'pipe' });
  child.stdin.on('error', () => {}); // the connection is gone: its end says so
  child.stdin.write(`${Buffer.byteLength(script)}\n${script}`);
  return child;
}

/** Ends the process and what it started here, at once. */
export function killGroup(child: ChildProcessWithoutNullStreams): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {} // it has ended
}

/**
 * Ends a connection at once. What the program started is left: on this machine some of it puts the settings back; and it
 * may hold the other ends of the pipes, so that nothing is waited for.
 */
export function hangUp(child: ChildProcessWithoutNullStreams): void {
  child.kill('SIGKILL');
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
}
