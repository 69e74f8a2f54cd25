import { UsageError } from '../../model/errors.js';
import { tokenOf } from '../environment.js';
import type { Client, TrackerKind } from '../tracker.js';

/** Of a note: what its pages still show as a whole. */
const LONGEST = 20_000;

interface Note {
  id?: string;
  content?: string;
}

/** A note on an incident; there are no files on one. */
export const pagerduty: TrackerKind = {
  kind: 'pagerduty',
  usage: 'https://ORGANISATION.pagerduty.com/incidents/ID',
  owns: ({ hostname }) => /(^|\.)pagerduty\.com$/.test(hostname),
  open(url, { api, env }) {
    const id = /^\/incidents\/([A-Z0-9]+)/.exec(url.pathname)?.[1];
    if (!id) throw new UsageError(`${url.href}: not ${pagerduty.usage}`);
    const from = env.PAGERDUTY_FROM?.trim();
    if (!from) throw new UsageError('PAGERDUTY_FROM: set it to the e-mail address of a user of PagerDuty');
    const region = url.hostname.endsWith('.eu.pagerduty.com') ? 'api.eu.pagerduty.com' : 'api.pagerduty.com';
    const notes = `${api ?? `https://${region}`}/incidents/${id}/notes`;
    const authorization = { Authorization: `Token token=${tokenOf(env, 'PAGERDUTY_TOKEN')}` };
    const headers = { Accept: 'application/vnd.pagerduty+json;version=2', From: from };
    const find = async (client: Client, mark: string) => {
      const { body } = await client.read({ method: 'GET', url: notes, headers, authorization });
      const { notes: told = [] } = body as { notes?: Note[] };
      return told.some(({ content }) => content?.includes(mark)) ? url.href : null;
    };
    return {
      name: `incident ${id}`,
      limit: 'PagerDuty takes no files on an incident: only the report is posted',
      find,
      async post(client, report) {
        const tail = `\n${report.mark}`;
        const content = report.text(LONGEST - tail.length) + tail;
        await client.change(
          { method: 'POST', url: notes, headers, authorization, body: { note: { content } } },
          async () => (await find(client, report.mark)) !== null,
        );
        return url.href;
      },
    };
  },
};
