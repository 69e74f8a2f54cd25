import type { CommandModule } from 'yargs';
import { write } from '../output.js';

export function schemaCommand(settle: (status: number) => void): CommandModule {
  return {
    command: 'schema',
    describe: 'print the JSON Schema of `analyze --format json`',
    handler: async () => {
      const { default: schema } = await import('../../report/schema.json', { with: { type: 'json' } });
      await write([`${JSON.stringify(schema, null, 2)}\n`]);
      settle(0);
    },
  };
}
