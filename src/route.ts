import { explainRoute } from './kernel/explanation/explain.js';
import { KernelModel } from './kernel/model.js';
import { askRoute, type Refuse, readQuestion } from './kernel/question.js';
import { QUESTION_FIELDS, type QuestionField } from './kernel/question-fields.js';
import type { Verdict, VerdictName } from './kernel/verdict.js';
import { InputError } from './model/errors.js';
import type { Explanation } from './model/explanation.js';
import type { Snapshot } from './model/snapshot.js';

/** One line of `returnpath route --batch`. */
export interface RouteAnswer {
  verdict: VerdictName;
  why: string;
  /** Of `forward` and `output`, as the next two: the device. */
  dev?: string;
  /** The next hop; null where the destination is on the link. */
  via?: string | null;
  /** Null where no route was asked for (a sender that is bound to a device). */
  table?: string | null;
  /** Where there are several: every way that the packet may take. */
  hops?: { dev: string; via: string | null }[];
  /** Of what the node sends, the source address. */
  src?: string;
  /** What had to be assumed, or was asked in fields that there are none of; where anything was. */
  unknown?: string[];
}

/** A question is some 200 octets. */
const LONGEST_LINE = 1 << 20;

/**
 * Answers questions in NDJSON, one line each, in order. What has come in is answered before more is waited for.
 *
 * @param questions text in chunks of any size
 * @returns text of whole lines
 * @throws InputError naming the line that is no question, after the answers to those before it
 */
export async function* routeBatch(
  snapshot: Snapshot,
  questions: AsyncIterable<string>,
): AsyncGenerator<string> {
  const batch = new Batch(snapshot);
  let rest = '';
  for await (const chunk of questions) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* batch.answer(lines);
    if (rest.length > LONGEST_LINE) yield* batch.answer([rest]);
  }
  yield* batch.answer([rest]);
}

const FIELDS: ReadonlySet<string> = new Set(QUESTION_FIELDS);

class Batch {
  readonly #model: KernelModel;
  #line = 0;

  constructor(snapshot: Snapshot) {
    this.#model = new KernelModel(snapshot);
  }

  /** One text for all lines up to the first that is no question. */
  *answer(lines: readonly string[]): Generator<string> {
    let text = '';
    let failure: unknown = null;
    for (const line of lines) {
      this.#line++;
      try {
        if (line.trim() !== '') text += `${JSON.stringify(this.#answerLine(line))}\n`;
      } catch (error) {
        failure = error;
        break;
      }
    }
    if (text !== '') yield text;
    if (failure) throw failure;
  }

  #refuse(reason: string): InputError {
    return new InputError(`standard input line ${this.#line}`, null, reason);
  }

  #answerLine(line: string): RouteAnswer {
    const refuse = (field: QuestionField, reason: string) => this.#refuse(`"${field}" ${reason}`);
    const fields = this.#parse(line);
    const answer = routeAnswer(askRoute(this.#model, readQuestion(fields, refuse), refuse));
    const strange = Object.keys(fields).filter((field) => !FIELDS.has(field));
    if (strange.length === 0) return answer;
    // Not refused: a program may keep its own notes there. But a mistyped one is of another packet than was meant.
    return { ...answer, unknown: [...(answer.unknown ?? []), ...strange.map(passedOver)] };
  }

  #parse(line: string): object {
    if (line.length > LONGEST_LINE) throw this.#refuse(`is longer than ${LONGEST_LINE} characters`);
    let parsed: unknown;
    try {
      parsed = JSON.parse(line);
    } catch {
      throw this.#refuse(
        'is no JSON; expected one question a line, as {"from":"10.0.0.5","to":"10.244.1.10","iif":"eth0"}',
      );
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
      throw this.#refuse('is no JSON object; expected one question a line, as {"to":"10.244.1.10"}');
    return parsed;
  }
}

function passedOver(field: string): string {
  return `${JSON.stringify(field)} is no field of a question and was passed over; the fields are ${QUESTION_FIELDS.join(', ')}`;
}

/**
 * Answers one question, for a person.
 *
 * @throws what `refuse` makes of a field that cannot be taken
 */
export function routeOne(
  snapshot: Snapshot,
  fields: Readonly<Partial<Record<QuestionField, unknown>>>,
  refuse: Refuse,
): { answer: RouteAnswer; explanation: Explanation } {
  const model = new KernelModel(snapshot);
  const question = readQuestion(fields, refuse);
  const verdict = askRoute(model, question, refuse);
  return { answer: routeAnswer(verdict), explanation: explainRoute(model, question, verdict) };
}

/** What of a verdict is told to programs. */
function routeAnswer(verdict: Verdict): RouteAnswer {
  const { verdict: name, why, dev, via, table, hops, preferredSource, unknown } = verdict;
  const answer: RouteAnswer = { verdict: name, why };
  if (name === 'forward' || name === 'output') {
    answer.dev = dev!;
    answer.via = via;
    answer.table = table;
    if (hops.length > 1) answer.hops = hops;
  }
  if (preferredSource !== null) answer.src = preferredSource;
  if (unknown.length > 0) answer.unknown = unknown;
  return answer;
}
