import type { CommandModule } from 'yargs';
import { CAUSES } from '../../model/analysis.js';
import { UsageError } from '../../model/errors.js';
import { shellExamples } from '../examples.js';
import { closeName } from '../nearest.js';
import { columns, wantsColor, write } from '../output.js';

interface ExplainArguments {
  cause: string | undefined;
}

export function explainCommand(settle: (status: number) => void): CommandModule<object, ExplainArguments> {
  return {
    command: 'explain [cause]',
    describe: 'explain a cause: what it means, what proves it, what looks like it, how to fix it',
    builder: (yargs) =>
      yargs
        .positional('cause', {
          describe: 'as a finding names it, in any letter case; without one, all are listed',
          type: 'string',
        })
        .example(
          shellExamples(
            ['returnpath explain', 'all causes, a line each'],
            ['returnpath explain rp-filter', 'one of them, on a screen'],
          ),
        ),
    handler: async ({ cause }) => {
      const { EXPLANATIONS } = await import('../../diagnose/explanations/index.js');
      const { renderCauses, renderExplanation } = await import('../../report/explain.js');
      const options = { columns: columns(), color: wantsColor() };
      if (cause === undefined) {
        await write([renderCauses(EXPLANATIONS, options)]);
      } else {
        const known = CAUSES.find((name) => name === cause.toLowerCase());
        if (!known) {
          const meant = closeName(cause, CAUSES);
          const guess = meant === null ? '' : ` (did you mean ${meant}?)`;
          throw new UsageError(`no cause is called "${cause}"${guess}; there are ${CAUSES.join(', ')}`);
        }
        await write([renderExplanation(known, EXPLANATIONS[known], options)]);
      }
      settle(0);
    },
  };
}
