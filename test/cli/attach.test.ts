import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';
import { returnpath } from './run.js';

const NO_TOKENS = Object.fromEntries(
  ['GITHUB_TOKEN', 'GH_TOKEN', 'GITLAB_TOKEN', 'JIRA_TOKEN', 'PAGERDUTY_TOKEN', 'PAGERDUTY_FROM'].map(
    (name) => [name, ''],
  ),
);

const INCIDENTS = [
  'https://github.com/a/b/issues/1',
  'https://gitlab.com/a/b/-/issues/1',
  'https://a.atlassian.net/browse/OPS-7',
  'https://a.pagerduty.com/incidents/ABC123',
];

for (const incident of INCIDENTS) {
  test(`a dry run wants no token, a run does: ${incident}`, async (t) => {
    const file = join(scratch(t), 'analysis.json');
    const bundle = fixture('rp-filter-strict', 'node1.tar.gz');
    await writeFile(file, (await returnpath(['analyze', bundle, '--format', 'json'])).stdout);
    const shown = await returnpath(['attach', file, incident, '--dry-run'], { env: NO_TOKENS });
    t.deepEqual([shown.status, shown.stderr], [0, '']);
    t.regex(shown.stdout, /^POST https:/);
    t.regex(shown.stdout, /\nnothing was sent to .*\n$/);
    const { status, stdout, stderr } = await returnpath(['attach', file, incident], { env: NO_TOKENS });
    t.deepEqual([status, stdout], [2, '']);
    t.regex(stderr, /^returnpath: .*set .*\n$/);
  });
}

test('a token that no header takes is refused in a dry run too', async (t) => {
  const file = join(scratch(t), 'analysis.json');
  const bundle = fixture('rp-filter-strict', 'node1.tar.gz');
  await writeFile(file, (await returnpath(['analyze', bundle, '--format', 'json'])).stdout);
  const env = { GITHUB_TOKEN: 'a b' };
  const { status, stderr } = await returnpath(['attach', file, INCIDENTS[0]!, '--dry-run'], { env });
  t.is(status, 2);
  t.regex(stderr, /^returnpath: GITHUB_TOKEN: has blanks/);
});
