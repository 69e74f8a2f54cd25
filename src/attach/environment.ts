import { UsageError } from '../model/errors.js';

/**
 * The first of the variables that is set. Tokens come from here alone: on a command line other users would see them.
 *
 * @throws UsageError where none is, or it is no token
 */
export function tokenOf(env: Readonly<Record<string, string | undefined>>, ...names: string[]): string {
  const token = tokenIfSet(env, ...names);
  if (token === null) throw new UsageError(`no token: set ${names.join(' or ')} in the environment`);
  return token;
}

/** As `tokenOf`; null where none is set. @throws UsageError where it is no token */
export function tokenIfSet(
  env: Readonly<Record<string, string | undefined>>,
  ...names: string[]
): string | null {
  for (const name of names) {
    const value = env[name]?.trim();
    // What no header takes would stand in the error of whoever is to send it.
    if (value && !/^[!-~]+$/.test(value)) {
      throw new UsageError(`${name}: has blanks, line feeds or other characters that no token has`);
    }
    if (value) return value;
  }
  return null;
}

/** What is not set, for a dry run: of this, it shows no more than a sender, and sends nothing. */
const STAND_INS = {
  ...{ GITHUB_TOKEN: 'none', GITLAB_TOKEN: 'none', JIRA_TOKEN: 'none', PAGERDUTY_TOKEN: 'none' },
  PAGERDUTY_FROM: '(PAGERDUTY_FROM, which is not set)',
};

/** The variables with something in place of each that is wanted and not set. */
export function environmentOfDryRun(
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  const set = Object.entries(env).filter(([, value]) => value?.trim());
  return { ...STAND_INS, ...Object.fromEntries(set) };
}
