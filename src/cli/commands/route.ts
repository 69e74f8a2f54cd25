import type { CommandModule } from 'yargs';
import { QUESTION_FIELDS, type QuestionField } from '../../kernel/question-fields.js';
import { UsageError } from '../../model/errors.js';
import type { Snapshot } from '../../model/snapshot.js';
import { escapeText } from '../../report/escape.js';
import { shellExamples } from '../examples.js';
import { columns, wantsColor, write } from '../output.js';
import { type ChangeArguments, changeOf, changeOptions } from './changes.js';

interface RouteArguments extends ChangeArguments, Partial<Record<QuestionField, string>> {
  bundles: string[];
  batch: boolean;
  node: string | undefined;
  netns: string | undefined;
  format: string;
}

const FIELD_HELP: Record<QuestionField, string> = {
  to: 'address that the packet goes to',
  from: 'its source; of what the node sends, the kernel chooses one by default',
  iif: 'interface that it came in by; without it, the node itself sends it',
  oif: 'device that the sender is bound to',
  mark: 'its mark (fwmark), decimal or 0x…',
  tos: 'its TOS or traffic class',
  protocol: 'its protocol, by name or number',
  sport: 'its source port',
  dport: 'its destination port',
  uid: 'user that sends it',
};

export function routeCommand(settle: (status: number) => void): CommandModule<object, RouteArguments> {
  return {
    command: 'route <bundles..>',
    describe: "answer what a node's kernel does with a packet, and why, by its bundle",
    builder: (yargs) =>
      changeOptions(yargs)
        .positional('bundles', {
          describe: 'what the node said of itself (directory, .tar, .tar.gz); NODE=PATH names the node',
          type: 'string',
          array: true,
          demandOption: true,
        })
        .option('batch', {
          describe: 'read one question a line (JSON) on standard input, answer one line each',
          type: 'boolean',
          default: false,
        })
        .options(
          Object.fromEntries(
            QUESTION_FIELDS.map((field) => [
              field,
              { describe: FIELD_HELP[field], type: 'string' as const, requiresArg: true },
            ]),
          ),
        )
        .option('node', {
          describe: 'which node to ask, where there are several',
          type: 'string',
          requiresArg: true,
        })
        .option('netns', {
          describe: 'which network namespace of the node to ask; by default its own',
          type: 'string',
          requiresArg: true,
        })
        .option('format', {
          describe: 'what to print for one question',
          choices: ['terminal', 'json'],
          nargs: 1,
          default: 'terminal',
        })
        .example(
          shellExamples(
            [
              'returnpath route node1.tar.gz --from 10.0.0.5 --to 10.244.1.10 --iif flannel.1',
              'a packet that came in',
            ],
            ['returnpath route node1.tar.gz --to 10.0.0.5', 'one that the node sends'],
            [`echo '{"to":"10.0.0.5"}' | returnpath route node1.tar.gz --batch`, 'many, by a program'],
          ),
        )
        .epilogue('Exit status: 0 answered, whatever the verdict; 2 bad usage, input or question.') as never,
    handler: async (args) => {
      const fields = Object.fromEntries(
        QUESTION_FIELDS.filter((field) => args[field] !== undefined).map((field) => [field, args[field]]),
      );
      checkUsage(args, fields);
      const change = await changeOf(args);
      const [{ readSnapshots }, route] = await Promise.all([
        import('../../correlate/read-snapshots.js'),
        import('../../route.js'),
      ]);
      const { snapshots, warnings } = await readSnapshots(args.bundles, { keepGoing: false });
      for (const warning of warnings) process.stderr.write(`returnpath: ${escapeText(warning)}\n`);
      const asRecorded = choose(snapshots, args);
      const { snapshots: changed, notes } = change
        ? change([asRecorded])
        : { snapshots: [asRecorded], notes: [] };
      const snapshot = changed[0]!;
      for (const note of notes) process.stderr.write(`returnpath: what if: ${escapeText(note)}\n`);
      if (args.batch) {
        process.stdin.setEncoding('utf8');
        const answers = route.routeBatch(snapshot, process.stdin as AsyncIterable<string>);
        for await (const text of answers) await write([text]);
      } else {
        const refuse = (field: QuestionField, reason: string) => new UsageError(`--${field} ${reason}`);
        const { answer, explanation } = route.routeOne(snapshot, fields, refuse);
        if (args.format === 'json') {
          const { steps, command } = explanation;
          await write([`${JSON.stringify({ ...answer, steps, command }, null, 2)}\n`]);
        } else {
          const { renderRoute } = await import('../../report/route.js');
          await write([renderRoute(explanation, { columns: columns(), color: wantsColor() })]);
        }
      }
      settle(0);
    },
  };
}

function checkUsage({ batch, bundles, iif, from }: RouteArguments, fields: object): void {
  const [given] = Object.keys(fields);
  if (batch && given !== undefined) {
    throw new UsageError(`--${given}: not with --batch, whose questions come on standard input`);
  }
  if (batch && bundles.includes('/dev/stdin')) {
    throw new UsageError('-: standard input holds the questions of --batch; give the bundle as a file');
  }
  if (batch) return;
  if (!('to' in fields)) {
    throw new UsageError(
      'name a destination with --to ADDRESS, or give --batch and questions on standard input',
    );
  }
  if (iif !== undefined && from === undefined) {
    throw new UsageError(`--iif ${iif}: a packet that came in has a source: name it with --from ADDRESS`);
  }
}

/** The snapshot that is asked. @throws UsageError where it is not clear which */
function choose(snapshots: readonly Snapshot[], { node, netns }: RouteArguments): Snapshot {
  const nodes = [...new Set(snapshots.map((snapshot) => snapshot.node))];
  if (node !== undefined && !nodes.includes(node)) {
    throw new UsageError(`--node ${node}: there is none of that name, only ${nodes.join(', ')}`);
  }
  if (node === undefined && nodes.length > 1) {
    throw new UsageError(`the inputs hold several nodes, ${nodes.join(', ')}: name one with --node`);
  }
  const ofNode = snapshots.filter((snapshot) => snapshot.node === (node ?? nodes[0]));
  const names = ofNode.flatMap((snapshot) => snapshot.netns ?? []);
  if (netns === undefined) {
    const own = ofNode.find((snapshot) => snapshot.netns === null);
    const chosen = own ?? (ofNode.length === 1 ? ofNode[0] : undefined);
    if (chosen) return chosen;
    throw new UsageError(`there are several network namespaces, ${names.join(', ')}: name one with --netns`);
  }
  const chosen = ofNode.find((snapshot) => snapshot.netns === netns);
  if (chosen) return chosen;
  throw new UsageError(
    `--netns ${netns}: there is none of that name${names.length > 0 ? `, only ${names.join(', ')}` : ''}`,
  );
}
