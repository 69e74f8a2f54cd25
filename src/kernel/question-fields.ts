/** The fields of a question, in the words of its users. */
export const QUESTION_FIELDS = [
  'from',
  'to',
  'iif',
  'oif',
  'mark',
  'tos',
  'protocol',
  'sport',
  'dport',
  'uid',
] as const;

export type QuestionField = (typeof QUESTION_FIELDS)[number];
