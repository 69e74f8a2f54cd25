/** Reports put on incidents: each tracker's requests as it documents them, its errors, and never twice. */
import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import { type AttachOptions, attach } from '../../src/attach/attach.js';
import { openTracker } from '../../src/attach/trackers/registry.js';
import type { Analysis } from '../../src/model/analysis.js';
import { UsageError } from '../../src/model/errors.js';
import { bundlesIn } from '../scenarios/truth.js';
import { fixture } from '../support.js';
import { type Answer, type Seen, TrackerServer } from './tracker-server.js';

const SECRET = 'tok-very-secret';
const ENV = {
  GITHUB_TOKEN: SECRET,
  GITLAB_TOKEN: SECRET,
  JIRA_TOKEN: SECRET,
  JIRA_EMAIL: 'ops@example.com',
  PAGERDUTY_TOKEN: SECRET,
  PAGERDUTY_FROM: 'ops@example.com',
  RETURNPATH_WEBHOOK_TOKEN: SECRET,
};
const FILES = [{ name: 'report.html', type: 'text/html', octets: Buffer.from('<p>the report</p>') }];

let whole: Promise<Analysis> | null = null;

/** Made once for all. */
function analysis(): Promise<Analysis> {
  whole ??= analyze(bundlesIn(fixture('rp-filter-strict')), {
    vips: [],
    keepGoing: false,
    attempts: 'default',
    warn: () => {},
  });
  return whole;
}

interface Kind {
  kind: string;
  /** Behind the server's address. */
  incident: string;
  api: string;
  /** The request that posts the report. */
  post: string;
  /** What lists what was posted, of the bodies of posts. */
  list: (bodies: string[]) => unknown;
  authorization: Record<string, string>;
  /** The text that was posted. */
  text: (body: string) => string;
}

const KINDS: Kind[] = [
  {
    kind: 'github',
    incident: '/example/infra/issues/12',
    api: '/api/v3',
    post: '/api/v3/repos/example/infra/issues/12/comments',
    list: (bodies) => bodies.map((body) => ({ body: JSON.parse(body).body, html_url: 'https://there/12#1' })),
    authorization: { authorization: `Bearer ${SECRET}` },
    text: (body) => JSON.parse(body).body,
  },
  {
    kind: 'gitlab',
    incident: '/group/sub/project/-/issues/3',
    api: '/api/v4',
    post: '/api/v4/projects/group%2Fsub%2Fproject/issues/3/notes',
    list: (bodies) => bodies.map((body, id) => ({ id, body: JSON.parse(body).body })),
    authorization: { 'private-token': SECRET },
    text: (body) => JSON.parse(body).body,
  },
  {
    kind: 'jira',
    incident: '/browse/OPS-7',
    api: '/rest/api/2',
    post: '/rest/api/2/issue/OPS-7/comment',
    list: (bodies) => ({
      total: bodies.length,
      comments: bodies.map((body, id) => ({ id: String(id), body: JSON.parse(body).body })),
    }),
    authorization: { authorization: `Basic ${Buffer.from(`ops@example.com:${SECRET}`).toString('base64')}` },
    text: (body) => JSON.parse(body).body,
  },
  {
    kind: 'pagerduty',
    incident: '/incidents/PABC123',
    api: '',
    post: '/incidents/PABC123/notes',
    list: (bodies) => ({ notes: bodies.map((body) => JSON.parse(body).note) }),
    authorization: { authorization: `Token token=${SECRET}` },
    text: (body) => JSON.parse(body).note.content,
  },
];

/** A tracker that keeps what it is sent, unless `fault` has another answer for a request. */
async function tracker(
  t: ExecutionContext,
  { post, list }: Kind,
  fault: (seen: Seen, turn: number) => Answer | 'keep and fail' | null = () => null,
): Promise<TrackerServer> {
  const kept: string[] = [];
  let turn = 0;
  const server = new TrackerServer((seen) => {
    const [path] = seen.url.split('?');
    const isReport = path === post;
    if (isReport && seen.method === 'GET') return { status: 200, body: list(kept) };
    if (path!.endsWith('/uploads'))
      return { status: 201, body: { markdown: '[report.html](/uploads/1/report.html)' } };
    if (path!.endsWith('/attachments')) return { status: 200, body: [{ filename: 'report.html' }] };
    if (!isReport) return { status: 200, body: { fields: { attachment: [] } } };
    const answer = fault(seen, ++turn);
    if (answer !== null && answer !== 'keep and fail') return answer;
    kept.push(seen.body);
    return answer === 'keep and fail' ? { status: 502 } : { status: 201, body: { id: '1' } };
  });
  return server.start(t);
}

async function post(
  server: TrackerServer,
  kind: Kind,
  options: Partial<AttachOptions> = {},
): Promise<string> {
  const opened = openTracker(server.url + kind.incident, kind.kind, {
    api: server.url + kind.api,
    env: ENV,
  });
  return attach(await analysis(), opened, {
    files: FILES,
    dryRun: null,
    warn: () => {},
    pauseMs: 1,
    ...options,
  });
}

const reports = (server: TrackerServer, kind: Kind) => server.posts().filter(({ url }) => url === kind.post);

for (const kind of KINDS) {
  test(`${kind.kind}: the report is posted, with the token, and not a second time`, async (t) => {
    const server = await tracker(t, kind);
    t.regex(await post(server, kind), /^\S+.*: http/);
    const [first, ...more] = reports(server, kind);
    t.deepEqual(more, []);
    for (const [name, value] of Object.entries(kind.authorization)) t.is(first!.headers[name], value);
    t.regex(kind.text(first!.body), /rp-filter/);
    t.regex(kind.text(first!.body), /returnpath-report-[0-9a-f]{16}/);
    t.regex(await post(server, kind), /has this report already/);
    t.is(reports(server, kind).length, 1);
  });

  test(`${kind.kind}: taken, but the answer was lost: it looks, and does not post again`, async (t) => {
    const server = await tracker(t, kind, (_, turn) => (turn === 1 ? 'keep and fail' : null));
    await post(server, kind);
    t.is(reports(server, kind).length, 1);
  });

  test(`${kind.kind}: failed and not taken: it looks, and posts again`, async (t) => {
    const server = await tracker(t, kind, (_, turn) => (turn === 1 ? { status: 503 } : null));
    await post(server, kind);
    t.is(reports(server, kind).length, 2);
  });

  test(`${kind.kind}: the connection breaks under the request: it looks, and posts again`, async (t) => {
    const server = await tracker(t, kind, (_, turn) => (turn === 1 ? 'hang up' : null));
    await post(server, kind);
    t.is(reports(server, kind).length, 2);
  });

  test(`${kind.kind}: 429 with Retry-After is waited for`, async (t) => {
    const server = await tracker(t, kind, (_, turn) =>
      turn <= 2 ? { status: 429, headers: { 'Retry-After': '0' } } : null,
    );
    await post(server, kind);
    t.is(reports(server, kind).length, 3);
  });

  for (const [status, words] of [
    [401, /the token was not accepted \(status 401: no\)/],
    [403, /the token may not do this/],
    [404, /there is no such issue/],
    [413, /larger than the server takes/],
  ] as const) {
    test(`${kind.kind}: ${status} is one clear line, without the token`, async (t) => {
      const server = await tracker(t, kind, () => ({ status, body: { message: 'no' } }));
      const error = await t.throwsAsync(post(server, kind), { instanceOf: UsageError, message: words });
      t.false(error!.message.includes(SECRET));
      t.false(error!.message.includes('\n'));
      t.is(reports(server, kind).length, 1);
    });
  }

  test(`${kind.kind}: a dry run shows the request without the token, and sends nothing`, async (t) => {
    const server = await tracker(t, kind);
    const shown: string[] = [];
    t.regex(await post(server, kind, { dryRun: (text) => shown.push(text) }), /^nothing was sent/);
    t.deepEqual(server.seen, []);
    t.regex(shown.join(''), new RegExp(`^POST .*${kind.post.replaceAll('/', '\\/')}$`, 'm'));
    t.false(shown.join('').includes(SECRET));
    t.false(shown.join('').includes(Buffer.from(`ops@example.com:${SECRET}`).toString('base64')));
  });
}

test('gitlab: files are uploaded, and linked from the note', async (t) => {
  const kind = KINDS.find((k) => k.kind === 'gitlab')!;
  const server = await tracker(t, kind);
  await post(server, kind);
  const upload = server.posts().find(({ url }) => url.endsWith('/uploads'))!;
  t.regex(upload.headers['content-type']!, /^multipart\/form-data/);
  t.regex(upload.body, /filename="report\.html"/);
  t.true(kind.text(reports(server, kind)[0]!.body).includes('[report.html](/uploads/1/report.html)'));
});

test('jira: files are attached, past its check of forms, and not those that are there', async (t) => {
  const kind = KINDS.find((k) => k.kind === 'jira')!;
  const server = await tracker(t, kind);
  await post(server, kind);
  const [attachment] = server.posts().filter(({ url }) => url.endsWith('/attachments'));
  t.is(attachment!.headers['x-atlassian-token'], 'no-check');
  t.regex(attachment!.body, /<p>the report<\/p>/);
});

test('a comment is never longer than the tracker takes', async (t) => {
  const most: Record<string, number> = { github: 65_536, jira: 32_767, pagerduty: 20_000, gitlab: 100_000 };
  for (const kind of KINDS) {
    const server = await tracker(t, kind);
    await post(server, kind);
    t.true(kind.text(reports(server, kind)[0]!.body).length <= most[kind.kind]!, kind.kind);
  }
});

test('webhook: the analysis by the contract, with a key; never sent again where it may have been taken', async (t) => {
  let answer: Answer = { status: 200 };
  const server = await new TrackerServer(() => answer).start(t);
  const hook = () => openTracker(`${server.url}/secret-path`, 'webhook', { api: null, env: ENV });
  const options = { files: FILES, dryRun: null, warn: () => {}, pauseMs: 1 };
  const line = await attach(await analysis(), hook(), options);
  t.false(line.includes('secret-path'));
  const body = JSON.parse(server.seen[0]!.body);
  t.is(body.event, 'report');
  t.is(body.analysis.schema, 'returnpath-analysis/1');
  t.is(Buffer.from(body.files[0].base64, 'base64').toString(), '<p>the report</p>');
  t.is(server.seen[0]!.headers['idempotency-key'], body.id);
  for (const failing of [{ status: 500 }, 'hang up'] as const) {
    answer = failing;
    const before = server.seen.length;
    const error = await t.throwsAsync(attach(await analysis(), hook(), options), { instanceOf: UsageError });
    t.is(server.seen.length, before + 1);
    t.false(error!.message.includes('secret-path'));
  }
  server.stop();
  const gone = await t.throwsAsync(attach(await analysis(), hook(), options), { instanceOf: UsageError });
  t.regex(gone!.message, /^webhook 127\.0\.0\.1:\d+: the connection was refused/);
});

test('webhook: a dry run shows whom it would go to, and not the path, which is a secret', async (t) => {
  const hook = openTracker('https://hooks.example.com/T0/secret-path?key=secret', 'webhook', {
    api: null,
    env: ENV,
  });
  const shown: string[] = [];
  await attach(await analysis(), hook, { files: [], dryRun: (text) => shown.push(text), warn: () => {} });
  t.regex(shown.join(''), /^POST https:\/\/hooks\.example\.com\/\(left out\)$/m);
  t.notRegex(shown.join(''), /secret/);
});

test('the address tells the kind; another one has to be named', (t) => {
  const options = { api: null, env: ENV };
  const named = (address: string) => openTracker(address, null, options).name;
  t.is(named('https://github.com/example/infra/issues/12#issuecomment-1'), 'example/infra#12');
  t.is(named('https://github.com/example/infra/pull/3'), 'example/infra#3');
  t.is(named('https://gitlab.com/group/sub/project/-/issues/3'), 'group/sub/project#3');
  t.is(named('https://code.example.com/group/project/-/issues/3'), 'group/project#3');
  t.is(named('https://example.atlassian.net/browse/OPS-7'), 'OPS-7');
  t.is(named('https://example.pagerduty.com/incidents/PABC123'), 'incident PABC123');
  for (const [address, words] of [
    ['https://example.com/incident/1', /not known; say with --kind/],
    ['https://github.com/example/infra', /not https:\/\/github\.com\/OWNER\/REPO\/issues\/N/],
    ['OPS-7', /not the address of an issue/],
    ['file:///etc/passwd', /not the address of an issue/],
  ] as const) {
    t.throws(() => named(address), { instanceOf: UsageError, message: words });
  }
  t.throws(() => openTracker('https://github.com/a/b/issues/1', null, { api: null, env: {} }), {
    message: 'no token: set GITHUB_TOKEN or GH_TOKEN in the environment',
  });
});

test('secrets stand in no error: tokens that no header takes, passwords in addresses', (t) => {
  const issue = 'https://github.com/a/b/issues/1';
  const refused = (address: string, kind: string | null, api: string | null, env: Record<string, string>) =>
    t.throws(() => openTracker(address, kind, { api, env }), { instanceOf: UsageError })!.message;
  for (const token of ['sEcReT\nx', 'sEc\u2026ReT', 'sEc ReT']) {
    for (const message of [
      refused(issue, null, null, { GITHUB_TOKEN: token }),
      refused('http://hook.example/x', 'webhook', null, { RETURNPATH_WEBHOOK_TOKEN: token }),
    ]) {
      t.regex(message, /_TOKEN: has blanks/);
      t.notRegex(message, /sEc|ReT/);
    }
  }
  for (const message of [
    refused('http://me:sEcReT@hook.example/x', 'webhook', null, {}),
    refused(issue, null, 'https://me:sEcReT@api.example', ENV),
  ]) {
    t.regex(message, /^(hook|api)\.example: a name or password/);
  }
  t.is(refused(issue, null, 'api.example', ENV), "api.example: not the address of a tracker's interface");
});

test('no tracker reads a token from anywhere but the environment', (t) => {
  for (const kind of ['github', 'gitlab', 'jira', 'pagerduty', 'webhook']) {
    const source = readFileSync(`src/attach/trackers/${kind}.ts`, 'utf8');
    t.regex(source, /env/);
    t.notRegex(source, /process\.|readFile/);
  }
});
