/** What runs in a thread of `threads.ts`: reads each file that it is sent, and posts back what was found. */
import { parentPort, workerData } from 'node:worker_threads';
import { ReadBuffer, type ReadListener } from '../../ingest/capture/source.js';
import type { InputFile } from '../../ingest/input-files.js';
import { transferableOf } from './found.js';
import { optimizeLater } from './optimizer.js';
import { reportFile } from './read-file.js';
import type { ThreadData, ThreadMessage } from './threads.js';

/** Octets between two messages of how far it is: one for each read would take longer than the reading. */
const STEP = 4 * 1024 * 1024;

const { options, tells } = workerData as ThreadData;
let told = 0;

const tell: ReadListener = (file, octets, total, ended) => {
  if (!ended && octets - told < STEP) return;
  told = ended ? 0 : octets;
  post({ read: [file, octets, total, ended] });
};

function post(message: ThreadMessage, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer);
}

const buffer = new ReadBuffer(tells ? tell : null);

parentPort!.on('message', async (file: InputFile) => {
  await optimizeLater();
  const report = await reportFile(file, options, buffer);
  post({ report }, transferableOf(report));
});
