import yargs, { type Argv, type CommandModule } from 'yargs';
import { UsageError } from '../model/errors.js';
import { analyzeCommand } from './commands/analyze.js';
import { attachCommand } from './commands/attach.js';
import { captureCommand } from './commands/capture.js';
import { collectScriptCommand } from './commands/collect-script.js';
import { diffCommand } from './commands/diff.js';
import { explainCommand } from './commands/explain.js';
import { inspectCommand } from './commands/inspect.js';
import { liveCommand } from './commands/live.js';
import { mergeCommand } from './commands/merge.js';
import { predictCommand } from './commands/predict.js';
import { reportCommand } from './commands/report.js';
import { restoreCommand } from './commands/restore.js';
import { routeCommand } from './commands/route.js';
import { schemaCommand } from './commands/schema.js';
import { watchCommand } from './commands/watch.js';
import { complaint } from './complaint.js';
import { refuseValues, type WithOptions } from './refuse-values.js';
import { VERSION } from './version.js';

/**
 * Parses the arguments and runs the command that they name.
 *
 * @returns the exit status
 * @throws UsageError, InputError
 */
export async function run(args: readonly string[]): Promise<number> {
  let status = 0;
  const settle = (result: number) => {
    status = result;
  };
  const commands = [
    ...[analyzeCommand, predictCommand, routeCommand, inspectCommand],
    ...[captureCommand, liveCommand, watchCommand, collectScriptCommand, restoreCommand],
    ...[mergeCommand, reportCommand, diffCommand, attachCommand, explainCommand, schemaCommand],
  ].map((build) => build(settle) as CommandModule);
  refuseDashedName(args);
  const asksForHelp = args.some((word) => /^(help|--help|-h)$/.test(word));
  const named = asksForHelp ? undefined : commands.find((command) => nameOf(command) === args[0]);
  await (named ? single(named, args.slice(1)) : whole(commands, args)).parseAsync();
  return status;
}

/** The program of all commands: for help, for wrong names, and where options come before the name. */
function whole(commands: readonly CommandModule[], args: readonly string[]): Argv {
  const parser = common(args, commands)
    .usage(
      '$0 COMMAND\n\nFinds the replies that never came back, and says which kernel dropped them and why.',
    )
    .demandCommand(1, `name a command: ${commands.map(nameOf).join(', ')}`)
    .recommendCommands();
  return commands.reduce((argv, command) => argv.command(command), parser);
}

/** The program of one command: yargs sets the help of each command that it runs, asked for or not, but not of a default one. */
function single(module: CommandModule, args: readonly string[]): Argv {
  const synopsis = String(module.command);
  return common(args, [module])
    .usage(`$0 ${synopsis}\n\n${module.describe}`)
    .command({ ...module, command: synopsis.replace(nameOf(module), '$0') });
}

function common(args: readonly string[], commands: readonly CommandModule[]): Argv {
  const lists = commands.flatMap(({ command }) =>
    [...String(command).matchAll(/[[<](\w+)\.\./g)].map((found) => found[1]!),
  );
  // It takes a lone `-` for the end of an array of positionals.
  const parser = yargs(args.map((argument) => (argument === '-' ? '/dev/stdin' : argument)));
  return (
    parser
      .scriptName('returnpath')
      // What is said below of its messages holds for English; and no file is read for another language.
      .locale('en')
      .strict()
      .version(VERSION)
      .help()
      .alias('help', 'h')
      .wrap(Math.min(process.stdout.columns ?? 80, 100))
      .exitProcess(false)
      .middleware(refuseValues(args, lists), true)
      .fail((message, error) => {
        // Its own complaints are of the type YError, which it does not export.
        if (error && error.name !== 'YError') throw error;
        const { key } = (parser as unknown as WithOptions).getOptions();
        const options = Object.keys(key).filter((name) => /^[a-z-]{2,}$/.test(name));
        const [only, ...others] = commands;
        const command = others.length === 0 ? only : undefined;
        const synopsis = command ? String(command.command) : null;
        const said = complaint(message, { words: args, options, synopsis });
        throw new UsageError(`${said}; see: returnpath ${command ? `${nameOf(command)} ` : ''}--help`);
      })
  );
}

/**
 * yargs takes what begins with a dash for options of a letter each, as help where there is an `h` among them.
 *
 * @throws UsageError
 */
function refuseDashedName(words: readonly string[]): void {
  const at = words.findIndex(
    (word, i) => /^(-i|--interface)$/.test(words[i - 1] ?? '') && /^-[^-=]{2,}$/.test(word),
  );
  if (at < 0) return;
  const [flag, name] = words.slice(at - 1, at + 1) as [string, string];
  throw new UsageError(`${flag} ${name}: a name that begins with a dash is given as ${flag}=${name}`);
}

function nameOf({ command }: CommandModule): string {
  return String(command).split(' ', 1)[0]!;
}
