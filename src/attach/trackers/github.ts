import { UsageError } from '../../model/errors.js';
import { tokenOf } from '../environment.js';
import type { Client, TrackerKind } from '../tracker.js';

/** Of a comment. */
const LONGEST = 65_536;
const PAGE = 100;

interface Comment {
  body?: string;
  html_url?: string;
}

/** A comment on an issue or pull request; GitHub has no way to attach files to one. */
export const github: TrackerKind = {
  kind: 'github',
  usage: 'https://github.com/OWNER/REPO/issues/N',
  owns: ({ hostname }) => hostname === 'github.com',
  open(url, { api, env }) {
    const path = /^\/([\w.-]+)\/([\w.-]+)\/(?:issues|pull)\/(\d+)/.exec(url.pathname);
    if (!path) throw new UsageError(`${url.href}: not ${github.usage}`);
    const [, owner, repository, number] = path;
    const base = api ?? (url.hostname === 'github.com' ? 'https://api.github.com' : `${url.origin}/api/v3`);
    const comments = `${base}/repos/${owner}/${repository}/issues/${number}/comments`;
    const authorization = { Authorization: `Bearer ${tokenOf(env, 'GITHUB_TOKEN', 'GH_TOKEN')}` };
    const headers = { Accept: 'application/vnd.github+json', 'X-GitHub-Api-Version': '2022-11-28' };
    const find = async (client: Client, mark: string) => {
      for (let page = 1; ; page++) {
        const query = `${comments}?per_page=${PAGE}&page=${page}`;
        const { body } = await client.read({ method: 'GET', url: query, headers, authorization });
        const found = (body as Comment[]).find((comment) => comment.body?.includes(mark));
        if (found) return found.html_url ?? url.href;
        if ((body as Comment[]).length < PAGE) return null;
      }
    };
    return {
      name: `${owner}/${repository}#${number}`,
      limit: 'GitHub takes no files by its interface: only the report is posted',
      find,
      async post(client, report) {
        const tail = `\n\n<!-- ${report.mark} -->\n`;
        const body = { body: report.markdown(LONGEST - tail.length) + tail };
        const response = await client.change(
          { method: 'POST', url: comments, headers, authorization, body },
          async () => (await find(client, report.mark)) !== null,
        );
        return (response.body as Comment | null)?.html_url ?? url.href;
      },
    };
  },
};
