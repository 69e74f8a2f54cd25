import { byValue, type Dimension } from './dimension.js';
import { entryOf, relaysOf, replyWay, wayIn, wayOut } from './ways.js';

/** Who took the request in: two owners of a VIP, or a hand-over, show here. */
export const entryNode: Dimension = {
  family: 'entry',
  among: 'port',
  values: 'given',
  candidates(cases, { context }) {
    const relays = relaysOf(cases);
    return byValue(
      'entry-node',
      cases,
      (attempt) => entryOf(attempt, relays, context),
      (names) => `when the request goes to ${names}`,
    );
  },
};

export const requestWays: Dimension = {
  family: 'entry',
  among: 'port',
  values: 'given',
  candidates(cases) {
    const relays = relaysOf(cases);
    // The same place of all is compared: one that was lost between the two was not seen to come in.
    const arrives = cases.some(({ attempt }) => wayIn(attempt, relays) !== null);
    return byValue(
      'request-way',
      cases,
      (attempt) => (arrives ? wayIn(attempt, relays) : wayOut(attempt)),
      (ways) => `when the request goes ${ways}`,
    );
  },
};

export const replyWays: Dimension = {
  family: 'reply-way',
  among: 'port',
  values: 'given',
  candidates: (cases) => byValue('reply-way', cases, replyWay, (ways) => `when the reply goes ${ways}`),
};
