import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { CommandModule } from 'yargs';
import { UsageError } from '../../model/errors.js';
import { readReason } from '../../model/system-reason.js';
import { TRACKER_KINDS } from '../../model/tracker-kinds.js';
import { escapeLines, escapeText } from '../../report/escape.js';
import { shellExamples } from '../examples.js';
import { write } from '../output.js';
import {
  hasRedactKey,
  REDACT_KEY_VARIABLE,
  type RedactArguments,
  redactionOf,
  redactKey,
  redactOptions,
} from '../redaction.js';
import { printMessage } from '../standard-error.js';

interface AttachArguments extends RedactArguments {
  analysis: string;
  incident: string;
  kind: string | undefined;
  api: string | undefined;
  file: string[];
  'dry-run': boolean;
}

export function attachCommand(settle: (status: number) => void): CommandModule<object, AttachArguments> {
  return {
    command: 'attach <analysis> <incident>',
    describe: 'put a report and its evidence on an issue or incident, once',
    builder: (yargs) =>
      redactOptions(yargs)
        .positional('analysis', {
          describe: 'what `analyze --format json` printed; - for standard input',
          type: 'string',
          demandOption: true,
        })
        .positional('incident', {
          describe: 'its address, as the browser shows it',
          type: 'string',
          demandOption: true,
        })
        .option('kind', {
          describe: 'what the address is of, where it does not tell: GitHub Enterprise, a webhook, …',
          choices: TRACKER_KINDS,
          nargs: 1,
        })
        .option('api', {
          describe: "the address of the tracker's interface, where it does not follow from the incident's",
          type: 'string',
          nargs: 1,
        })
        .option('file', {
          describe:
            'a file that goes with it, as the HTML report or what --evidence wrote (may be given again)',
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          defaultDescription: 'none',
        })
        .option('dry-run', {
          describe: 'show what would be sent, and send nothing',
          type: 'boolean',
          default: false,
        })
        .example(
          shellExamples(
            [
              'returnpath attach analysis.json https://github.com/example/infra/issues/12',
              'with GITHUB_TOKEN set',
            ],
            [
              'returnpath attach analysis.json https://example.atlassian.net/browse/OPS-7 --file report.html',
              'with the report as a page',
            ],
          ),
        )
        .epilogue(
          'Tokens come from the environment alone: GITHUB_TOKEN or GH_TOKEN; GITLAB_TOKEN; JIRA_TOKEN, with JIRA_EMAIL for Jira Cloud; PAGERDUTY_TOKEN and PAGERDUTY_FROM; RETURNPATH_WEBHOOK_TOKEN. --dry-run needs none.\nA report that is there already is not posted again.\nExit status: 0 done, 2 it could not be posted.',
        ),
    handler: async (args) => {
      const [{ attach }, { environmentOfDryRun }, { openTracker }, { readAnalysis }] = await Promise.all([
        import('../../attach/attach.js'),
        import('../../attach/environment.js'),
        import('../../attach/trackers/registry.js'),
        import('../analysis-file.js'),
      ]);
      const { kind = null, api = null, 'dry-run': dryRun } = args;
      const key = redactKey(args);
      if (key !== null && !hasRedactKey(args)) {
        throw new UsageError(
          `--redact: a report is known again by what is in it: name --redact-key, or set ${REDACT_KEY_VARIABLE}`,
        );
      }
      const files = args.file.map(readFile);
      const given = await readAnalysis(args.analysis);
      const tracker = openTracker(args.incident, kind, {
        api: api?.replace(/\/+$/, '') ?? null,
        env: dryRun ? environmentOfDryRun(process.env) : process.env,
      });
      const redaction = await redactionOf(given, key, [args.analysis]);
      if (redaction && files.length > 0)
        printMessage(
          '--redact: of the report alone; files go as they are, so name what --redact has written',
        );
      const analysis = redaction?.analysis ?? given;
      const shown: string[] = [];
      const line = await attach(analysis, tracker, {
        files,
        dryRun: dryRun ? (text) => shown.push(escapeLines(text)) : null,
        warn: printMessage,
      });
      await write([...shown.map((text) => `${text}\n`), `${escapeText(line)}\n`]);
      settle(0);
    },
  };
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html',
  json: 'application/json',
  md: 'text/markdown',
  txt: 'text/plain',
  log: 'text/plain',
};

/** @throws UsageError */
function readFile(path: string) {
  try {
    const name = basename(path);
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream';
    return { name, type, octets: readFileSync(path) };
  } catch (error) {
    throw new UsageError(`${path}: cannot be read: ${readReason(error)}`);
  }
}
