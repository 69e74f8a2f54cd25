import yargs from 'yargs';
import { UsageError } from '../model/errors.js';
import { analyzeCommand } from './commands/analyze.js';
import { explainCommand } from './commands/explain.js';
import { predictCommand } from './commands/predict.js';
import { routeCommand } from './commands/route.js';
import { schemaCommand } from './commands/schema.js';
import { version } from './version.js';

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
  // yargs takes a lone `-` for the end of an array of positionals.
  await yargs(args.map((argument) => (argument === '-' ? '/dev/stdin' : argument)))
    .scriptName('returnpath')
    .usage(
      '$0 COMMAND\n\nFinds the replies that never came back, and says which kernel dropped them and why.',
    )
    .command(analyzeCommand(settle))
    .command(predictCommand(settle))
    .command(routeCommand(settle))
    .command(explainCommand(settle))
    .command(schemaCommand(settle))
    .demandCommand(1, 'name a command: analyze, predict, route, explain, schema')
    .strict()
    .recommendCommands()
    .version(version())
    .help()
    .alias('help', 'h')
    .wrap(Math.min(process.stdout.columns ?? 80, 100))
    .exitProcess(false)
    .fail((message, error) => {
      if (error) throw error;
      // yargs sets some of its messages over several lines, and counts where it should name.
      const line = message.trim().replace(/\s*\n\s*/g, ' ');
      const said = /^Not enough non-option arguments/.test(line) ? 'name a bundle or capture to read' : line;
      throw new UsageError(`${said}; see: returnpath --help`);
    })
    .parseAsync();
  return status;
}
