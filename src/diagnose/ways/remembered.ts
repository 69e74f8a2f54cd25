import type { DiagnosisContext } from '../context.js';

/**
 * A function that answers each question of one diagnosis once: several causes ask the same of an attempt, and many
 * attempts the same of a node.
 *
 * @param keyOf what makes two questions the same
 */
export function remembered<Question, Answer>(
  keyOf: (question: Question) => unknown,
  answer: (question: Question, context: DiagnosisContext) => Answer,
): (question: Question, context: DiagnosisContext) => Answer {
  const answers = new WeakMap<DiagnosisContext, Map<unknown, { value: Answer }>>();
  return (question, context) => {
    let known = answers.get(context);
    if (!known) {
      known = new Map();
      answers.set(context, known);
    }
    const key = keyOf(question);
    let found = known.get(key);
    if (!found) {
      found = { value: answer(question, context) };
      known.set(key, found);
    }
    return found.value;
  };
}
