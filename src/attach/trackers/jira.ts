import { UsageError } from '../../model/errors.js';
import { tokenOf } from '../environment.js';
import type { Client, TrackerKind } from '../tracker.js';

/** Of a comment. */
const LONGEST = 32_767;

interface Comment {
  id?: string;
  body?: string;
}

/** A comment on an issue, with the files attached to it: Jira Cloud, and Data Center. */
export const jira: TrackerKind = {
  kind: 'jira',
  usage: 'https://SITE.atlassian.net/browse/KEY-N',
  owns: ({ hostname, pathname }) =>
    hostname.endsWith('.atlassian.net') || /\/browse\/[A-Z][A-Z0-9_]*-\d+$/.test(pathname),
  open(url, { api, env }) {
    const key = /\/browse\/([A-Z][A-Z0-9_]*-\d+)/.exec(url.pathname)?.[1];
    if (!key) throw new UsageError(`${url.href}: not ${jira.usage}`);
    const context = url.pathname.slice(0, url.pathname.indexOf('/browse/'));
    const issue = `${api ?? `${url.origin}${context}/rest/api/2`}/issue/${key}`;
    const token = tokenOf(env, 'JIRA_TOKEN');
    const email = env.JIRA_EMAIL?.trim();
    const Authorization = email
      ? `Basic ${Buffer.from(`${email}:${token}`).toString('base64')}`
      : `Bearer ${token}`;
    const authorization = { Authorization };
    const linkTo = ({ id }: Comment) =>
      id === undefined ? url.href : `${url.origin}${url.pathname}?focusedCommentId=${id}`;
    const find = async (client: Client, mark: string) => {
      for (let startAt = 0; ; ) {
        const query = `${issue}/comment?startAt=${startAt}&maxResults=100&orderBy=-created`;
        const { body } = await client.read({ method: 'GET', url: query, authorization });
        const { comments = [], total = 0 } = body as { comments?: Comment[]; total?: number };
        const found = comments.find((comment) => comment.body?.includes(mark));
        if (found) return linkTo(found);
        startAt += comments.length;
        if (comments.length === 0 || startAt >= total) return null;
      }
    };
    const attached = async (client: Client, name: string) => {
      const query = `${issue}?fields=attachment`;
      const { body } = await client.read({ method: 'GET', url: query, authorization });
      const { fields } = body as { fields?: { attachment?: { filename: string }[] } };
      return fields?.attachment?.some(({ filename }) => filename === name) ?? false;
    };
    return {
      name: key,
      limit: null,
      find,
      async post(client, report) {
        for (const file of report.files) {
          if (await attached(client, file.name)) continue;
          await client.change(
            {
              method: 'POST',
              url: `${issue}/attachments`,
              headers: { 'X-Atlassian-Token': 'no-check' },
              authorization,
              files: [{ field: 'file', ...file }],
            },
            () => attached(client, file.name),
          );
        }
        const [head, tail] = ['{noformat}\n', `\n{noformat}\n${report.mark}\n`];
        // Nothing ends the block but its own end.
        const text = report.text(LONGEST - head.length - tail.length).replaceAll('{noformat}', '(noformat)');
        const response = await client.change(
          { method: 'POST', url: `${issue}/comment`, authorization, body: { body: head + text + tail } },
          async () => (await find(client, report.mark)) !== null,
        );
        return linkTo((response.body ?? {}) as Comment);
      },
    };
  },
};
