import { tokenIfSet } from '../environment.js';
import type { TrackerKind } from '../tracker.js';

/** The analysis as JSON to any address: `{ "event": "report", "id", "analysis", "files": [{ "name", "type", "base64" }] }`. */
export const webhook: TrackerKind = {
  kind: 'webhook',
  usage: 'any other http or https address, with --kind webhook',
  owns: () => false,
  open(url, { env }) {
    const token = tokenIfSet(env, 'RETURNPATH_WEBHOOK_TOKEN');
    const authorization: Record<string, string> = token !== null ? { Authorization: `Bearer ${token}` } : {};
    return {
      // Paths and queries of webhooks hold secrets.
      name: `webhook ${url.host}`,
      limit: null,
      find: async () => undefined,
      async post(client, report) {
        const files = report.files.map(({ name, type, octets }) => ({
          name,
          type,
          base64: Buffer.from(octets).toString('base64'),
        }));
        const body = { event: 'report', id: report.mark, analysis: report.analysis, files };
        await client.change(
          // By the key a receiver can tell what it was sent before.
          {
            method: 'POST',
            url: url.href,
            hasSecretPath: true,
            headers: { 'Idempotency-Key': report.mark },
            authorization,
            body,
          },
          async () => null,
        );
        return `posted to ${url.host}`;
      },
    };
  },
};
