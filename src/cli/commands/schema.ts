import type { CommandModule } from 'yargs';
import { write } from '../output.js';

interface SchemaArguments {
  of: string;
}

export function schemaCommand(settle: (status: number) => void): CommandModule<object, SchemaArguments> {
  return {
    command: 'schema [of]',
    describe: 'print the JSON Schema of `analyze --format json`, or of `diff --format json`',
    builder: (yargs) =>
      yargs.positional('of', {
        describe: 'what it is of',
        choices: ['analysis', 'diff'],
        default: 'analysis',
      }),
    handler: async ({ of }) => {
      const { default: schema } =
        of === 'diff'
          ? await import('../../report/diff/schema.json', { with: { type: 'json' } })
          : await import('../../report/schema.json', { with: { type: 'json' } });
      await write([`${JSON.stringify(schema, null, 2)}\n`]);
      settle(0);
    },
  };
}
