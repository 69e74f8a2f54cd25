import { parentPort } from 'node:worker_threads';
import { analyze } from '../analyze.js';
import { InputError, UsageError } from '../model/errors.js';
import type { Answer, Question } from './analyst.js';

parentPort!.on('message', async ({ inputs, vips }: Question) => {
  const begun = performance.now();
  parentPort!.postMessage(await answerTo(inputs, vips, begun));
});

async function answerTo(inputs: readonly string[], vips: readonly string[], begun: number): Promise<Answer> {
  try {
    const analysis = await analyze(inputs, {
      vips,
      keepGoing: true,
      attempts: 'default',
      threads: 1,
      warn: () => {},
    });
    return { analysis, tookMs: performance.now() - begun };
  } catch (error) {
    // Nothing has come yet, or half of it.
    if (error instanceof InputError || error instanceof UsageError) return { error: error.message };
    throw error;
  }
}
