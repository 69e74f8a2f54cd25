/** What becomes of a connection by the nodes' own settings, as a prediction tells it. */
export const FATES = [
  'answered',
  'answered-elsewhere',
  'lost-request',
  'lost-reply',
  'lost-client-ack',
  'lost-server-ack',
  'untranslated',
  'undelivered',
  'unknown',
] as const;
export type Fate = (typeof FATES)[number];
