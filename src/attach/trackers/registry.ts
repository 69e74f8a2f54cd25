import { UsageError } from '../../model/errors.js';
import { TRACKER_KINDS } from '../../model/tracker-kinds.js';
import type { Tracker, TrackerKind, TrackerOptions } from '../tracker.js';
import { github } from './github.js';
import { gitlab } from './gitlab.js';
import { jira } from './jira.js';
import { pagerduty } from './pagerduty.js';
import { webhook } from './webhook.js';

const KINDS: readonly TrackerKind[] = [github, gitlab, jira, pagerduty, webhook];

/**
 * The incident of an address, as it is copied from the browser.
 *
 * @param kind null: told by the address
 * @throws UsageError
 */
export function openTracker(text: string, kind: string | null, options: TrackerOptions): Tracker {
  const url = addressOf(text, 'not the address of an issue or incident');
  if (options.api !== null) addressOf(options.api, "not the address of a tracker's interface");
  const found = KINDS.find((known) => (kind === null ? known.owns(url) : known.kind === kind));
  if (!found) {
    throw new UsageError(`${url.host}: not known; say with --kind what it is: ${TRACKER_KINDS.join(', ')}`);
  }
  return found.open(url, options);
}

/** @throws UsageError */
function addressOf(text: string, otherwise: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError(`${text}: ${otherwise}`);
  // They are not sent, and the error of whoever refuses to would show them.
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`${url.host}: a name or password before the host is not taken`);
  }
  return url;
}
