import { UsageError } from '../../model/errors.js';
import { tokenOf } from '../environment.js';
import type { Client, TrackerKind } from '../tracker.js';

/** Of a note; GitLab takes a million characters, and nobody reads them. */
const LONGEST = 100_000;
const PAGE = 100;

interface Note {
  id?: number;
  body?: string;
}

/** A note on an issue, with the files uploaded to its project. */
export const gitlab: TrackerKind = {
  kind: 'gitlab',
  usage: 'https://gitlab.com/GROUP/PROJECT/-/issues/N',
  owns: ({ hostname, pathname }) => /(^|\.)gitlab\./.test(hostname) || pathname.includes('/-/issues/'),
  open(url, { api, env }) {
    const path = /^\/(.+?)\/-\/(?:issues|work_items)\/(?:incident\/)?(\d+)/.exec(url.pathname);
    if (!path) throw new UsageError(`${url.href}: not ${gitlab.usage}`);
    const [, name, number] = path;
    const project = `${api ?? `${url.origin}/api/v4`}/projects/${encodeURIComponent(decodeURIComponent(name!))}`;
    const notes = `${project}/issues/${number}/notes`;
    const authorization = { 'PRIVATE-TOKEN': tokenOf(env, 'GITLAB_TOKEN') };
    const linkTo = ({ id }: Note) =>
      id === undefined ? url.href : `${url.origin}${url.pathname}#note_${id}`;
    const find = async (client: Client, mark: string) => {
      for (let page = 1; ; page++) {
        const query = `${notes}?per_page=${PAGE}&page=${page}`;
        const { body } = await client.read({ method: 'GET', url: query, authorization });
        const found = (body as Note[]).find((note) => note.body?.includes(mark));
        if (found) return linkTo(found);
        if ((body as Note[]).length < PAGE) return null;
      }
    };
    return {
      name: `${name}#${number}`,
      limit: null,
      find,
      async post(client, report) {
        const links: string[] = [];
        for (const file of report.files) {
          // A file that nothing names is seen by nobody: one that was uploaded twice does no harm.
          const { body } = await client.change(
            { method: 'POST', url: `${project}/uploads`, authorization, files: [{ field: 'file', ...file }] },
            async () => false,
          );
          const { markdown } = (body ?? {}) as { markdown?: string };
          if (markdown) links.push(`- ${markdown}`);
        }
        const tail = `${links.length > 0 ? `\n\n${links.join('\n')}` : ''}\n\n<!-- ${report.mark} -->\n`;
        const note = { body: report.markdown(LONGEST - tail.length) + tail };
        const response = await client.change(
          { method: 'POST', url: notes, authorization, body: note },
          async () => (await find(client, report.mark)) !== null,
        );
        return linkTo((response.body ?? {}) as Note);
      },
    };
  },
};
