/** Requests to trackers: what may be sent again is, what may have been taken is not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { networkReason } from '../model/system-reason.js';

export interface TrackerRequest {
  method: 'GET' | 'POST';
  url: string;
  /** Whether what comes after the host is to be shown to nobody; absent where it may be. */
  hasSecretPath?: boolean;
  /** Without the token's, which `authorization` has. */
  headers?: Readonly<Record<string, string>>;
  /** Never shown. */
  authorization: Readonly<Record<string, string>>;
  /** JSON, or a form with files. */
  body?: unknown;
  files?: readonly TrackerFile[];
}

export interface TrackerFile {
  /** The form's field. */
  field: string;
  name: string;
  type: string;
  octets: Uint8Array;
}

export interface TrackerResponse {
  status: number;
  /** Parsed, where it is JSON; else its text. */
  body: unknown;
}

/** The tracker's answer is no success. */
export class TrackerError extends Error {
  readonly host: string;
  /** The message without the host. */
  readonly reason: string;
  /** Null where there was no answer. */
  readonly status: number | null;
  /** Whether the request may have been carried out all the same. */
  readonly mayBeDone: boolean;

  constructor(host: string, reason: string, status: number | null, mayBeDone: boolean) {
    super(`${host}: ${reason}`);
    this.host = host;
    this.reason = reason;
    this.status = status;
    this.mayBeDone = mayBeDone;
  }
}

const TIMEOUT_MS = 30_000;
const TRIES = 4;
const FIRST_PAUSE_MS = 1000;
/** Whoever asks for a longer pause is not waited for. */
const LONGEST_PAUSE_MS = 120_000;

/** No connection was made, so that nothing was sent. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export interface SendOptions {
  /** First pause before a request is sent again, ms; twice as long each time. */
  pauseMs?: number;
}

/**
 * Sends a request, again where it was surely not carried out: refused for its rate (429, with its `Retry-After`), or
 * never sent; and what only reads, also after an error of the server's (5xx).
 *
 * @throws TrackerError
 */
export async function send(
  request: TrackerRequest,
  { pauseMs = FIRST_PAUSE_MS }: SendOptions = {},
): Promise<TrackerResponse> {
  for (let turn = 1; ; turn++) {
    const outcome = await once(request);
    if (!(outcome instanceof Retry)) return outcome;
    const { error, afterMs } = outcome;
    const pause = afterMs ?? pauseMs * 2 ** (turn - 1);
    if (turn >= TRIES || pause > LONGEST_PAUSE_MS) throw error;
    await sleep(pause);
  }
}

/** It may be sent again. */
class Retry {
  readonly error: TrackerError;
  readonly afterMs: number | null;

  constructor(error: TrackerError, afterMs: number | null = null) {
    this.error = error;
    this.afterMs = afterMs;
  }
}

async function once(request: TrackerRequest): Promise<TrackerResponse | Retry> {
  const reads = request.method === 'GET';
  let response: Response;
  let text: string;
  try {
    response = await fetch(request.url, { ...initOf(request), signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await response.text();
  } catch (error) {
    const { host } = new URL(request.url);
    const reason = reasonOf(error as Error);
    const wasSent = !UNSENT.has(reason.code);
    const failure = new TrackerError(host, reason.text, null, wasSent && !reads);
    if (wasSent && !reads) throw failure;
    return new Retry(failure);
  }
  if (response.ok) return { status: response.status, body: parsed(text) };
  const failure = errorOf(request, response.status, text);
  if (response.status === 429) return new Retry(failure, retryAfter(response.headers.get('retry-after')));
  if (response.status >= 500 && reads) return new Retry(failure);
  throw failure;
}

function initOf({ method, headers, authorization, body, files }: TrackerRequest): RequestInit {
  const common = { 'User-Agent': 'returnpath', Accept: 'application/json', ...headers, ...authorization };
  // A token goes nowhere but where it was meant for.
  const base = { method, redirect: 'error' as const };
  if (files) {
    const form = new FormData();
    for (const { field, name, type, octets } of files)
      form.append(field, new Blob([Uint8Array.from(octets)], { type }), name);
    return { ...base, headers: common, body: form };
  }
  if (body === undefined) return { ...base, headers: common };
  return { ...base, headers: { 'Content-Type': 'application/json', ...common }, body: JSON.stringify(body) };
}

function reasonOf({ name, message, cause }: Error): { code: string; text: string } {
  if (name === 'TimeoutError') return { code: name, text: `no answer for ${TIMEOUT_MS / 1000} s` };
  const inner = cause as (Error & { code?: string }) | undefined;
  return { code: inner?.code ?? '', text: inner ? networkReason(inner) : message };
}

/** Seconds, or a date. */
function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}

function errorOf({ url, method }: TrackerRequest, status: number, text: string): TrackerError {
  const { host } = new URL(url);
  const said = messageIn(parsed(text));
  const meaning = MEANINGS[status] ?? (status >= 500 ? 'the server failed' : 'refused');
  // A gateway may answer for a server that took the request.
  const mayBeDone = method === 'POST' && status >= 500;
  return new TrackerError(
    host,
    `${meaning} (status ${status}${said === '' ? '' : `: ${said}`})`,
    status,
    mayBeDone,
  );
}

const MEANINGS: Readonly<Record<number, string>> = {
  401: 'the token was not accepted',
  403: 'the token may not do this',
  404: 'there is no such issue, or the token may not see it',
  413: 'the report is larger than the server takes',
  422: 'the server does not take the report as it is',
  429: 'too many requests for now',
};

/** What trackers say of errors, in their several ways; at most a line. */
function messageIn(body: unknown): string {
  const { message, error, errorMessages } = (body ?? {}) as Record<string, unknown>;
  const inner = (error as { message?: unknown } | undefined)?.message;
  const said = [message, inner, error, Array.isArray(errorMessages) ? errorMessages.join('; ') : null];
  const text = said.find((candidate) => typeof candidate === 'string' && candidate !== '') ?? '';
  return String(text).split('\n')[0]!.slice(0, 200);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
