import { setTimeout as sleep } from 'node:timers/promises';
import type { Finding, Severity } from '../../model/analysis.js';
import { UsageError } from '../../model/errors.js';
import { networkReason } from '../../model/system-reason.js';
import { findingKey, type LiveView, settledFindings } from '../../report/live/view.js';

/** So many findings wait for a receiver that is away; what is new after them is dropped, and said so. */
const MOST_WAITING = 100;
const TRIES = 5;
const FIRST_PAUSE_MS = 1000;
const TIMEOUT_MS = 10_000;
/** A finding that was gone for so long is new when it comes again. */
const FORGOTTEN_MS = 15 * 60_000;

/** Posts each new finding, as JSON, to an address. */
export class Webhook {
  readonly #url: URL;
  readonly #warn: (message: string) => void;
  readonly #severities: ReadonlySet<Severity>;
  readonly #seen = new Map<string, number>();
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;
  readonly #ended = new AbortController();

  /** @throws UsageError where it is no http or https address, or has a name and password in it */
  constructor(text: string, severities: ReadonlySet<Severity>, warn: (message: string) => void) {
    if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
      throw new UsageError('--webhook: not an http or https address');
    }
    this.#url = new URL(text);
    // They are not sent, and the error of who refuses to would show them.
    if (this.#url.username !== '' || this.#url.password !== '') {
      throw new UsageError('--webhook: a name or password before its host is not taken');
    }
    this.#severities = severities;
    this.#warn = warn;
  }

  update(view: LiveView, now = Date.now()): void {
    for (const finding of settledFindings(view)) {
      if (!this.#severities.has(finding.severity)) continue;
      const key = findingKey(finding);
      const isNew = now - (this.#seen.get(key) ?? Number.NEGATIVE_INFINITY) > FORGOTTEN_MS;
      this.#seen.set(key, now);
      if (isNew) this.#enqueue(finding, new Date(now).toISOString());
    }
    for (const [key, at] of this.#seen) if (now - at > FORGOTTEN_MS) this.#seen.delete(key);
  }

  /** What is under way is given a moment; nothing is sent afterwards. */
  async stop(): Promise<void> {
    await Promise.race([this.#queue, sleep(TIMEOUT_MS, undefined, { ref: false })]);
    this.#ended.abort();
  }

  #enqueue(finding: Finding, time: string): void {
    if (this.#waiting >= MOST_WAITING) {
      this.#warn(`webhook ${this.#url.host}: too many findings wait for it; one is left out`);
      return;
    }
    this.#waiting++;
    const body = JSON.stringify({ event: 'finding', time, finding });
    this.#queue = this.#queue.then(async () => {
      await this.#post(body);
      this.#waiting--;
    });
  }

  async #post(body: string): Promise<void> {
    let why = '';
    for (let turn = 0; turn < TRIES && !this.#ended.signal.aborted; turn++) {
      if (turn > 0) {
        const pause = FIRST_PAUSE_MS * 2 ** (turn - 1);
        await sleep(pause, undefined, { signal: this.#ended.signal }).catch(() => {});
      }
      try {
        const response = await fetch(this.#url, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body,
          redirect: 'error',
          signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), this.#ended.signal]),
        });
        await response.body?.cancel();
        if (response.ok) return;
        why = `status ${response.status}`;
        // What it does not like now it will not like later.
        if (response.status < 500 && response.status !== 429 && response.status !== 408) break;
      } catch (error) {
        const { cause, message } = error as Error;
        why = cause instanceof Error ? networkReason(cause) : message;
      }
    }
    // The host alone: paths of webhooks hold secrets.
    this.#warn(`webhook ${this.#url.host}: a finding could not be posted: ${why}`);
  }
}
