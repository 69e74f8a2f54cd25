/** What runs in a thread of `read-ahead.ts`: reads windows of a file, as long as there are any. */
import { parentPort } from 'node:worker_threads';
import { MODULE } from '../../wasm/ahead-module.js';
import type { AheadFunctions } from '../track/ahead-functions.js';
import { compile, instantiate } from '../track/module.js';
import { NOWHERE, Ring } from '../track/ring.js';
import type { AheadData } from './read-ahead.js';
import { WindowReader } from './window-reader.js';

// Made while there is nothing to be done yet, as a rule.
compile(MODULE);

parentPort!.once('message', ({ memory, ringAt, windows, thread }: AheadData) => {
  const ring = new Ring(memory.buffer, ringAt, thread);
  const functions = instantiate<AheadFunctions>(MODULE, memory);
  const reader = new WindowReader(windows, ring, functions, memory.buffer);
  for (let start = 0; start !== NOWHERE; ) {
    const begun = ring.awaitBegin();
    const length = reader.read(begun);
    start = ring.awaitStart(begun.window);
    reader.fill(begun, length, start);
  }
});
