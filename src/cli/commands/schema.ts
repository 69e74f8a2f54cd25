import type { CommandModule } from 'yargs';
import schema from '../../report/schema.json' with { type: 'json' };
import { write } from '../output.js';

export function schemaCommand(settle: (status: number) => void): CommandModule {
  return {
    command: 'schema',
    describe: 'print the JSON Schema of `analyze --format json`',
    handler: async () => {
      await write([`${JSON.stringify(schema, null, 2)}\n`]);
      settle(0);
    },
  };
}
