import type { CommandModule } from 'yargs';
import { shellExamples } from '../examples.js';
import { columns, wantsColor, write } from '../output.js';

interface InspectArguments {
  inputs: string[];
  format: string;
}

export function inspectCommand(settle: (status: number) => void): CommandModule<object, InspectArguments> {
  return {
    command: 'inspect <inputs..>',
    describe: 'say what each input is taken for, file by file, and what is missing for which conclusion',
    builder: (yargs) =>
      yargs
        .positional('inputs', {
          describe:
            'bundle, capture, or dump of another tool (sosreport, Retina, Rancher logs-collector, cilium-bugtool, must-gather, network-tools, MetalLB collect.sh, kubectl cluster-info dump): directory or archive; NODE=PATH names the node',
          type: 'string',
          array: true,
          demandOption: true,
        })
        .option('format', {
          describe: 'what to print',
          choices: ['terminal', 'json'],
          nargs: 1,
          default: 'terminal',
        })
        .example(
          shellExamples([
            'returnpath inspect sosreport-node1-2026-01-31-abcdefg.tar.xz',
            'what is in it, and what is not',
          ]),
        )
        .epilogue('Exit status: 0 whatever is missing, 2 bad usage, or an input that does not exist.'),
    handler: async ({ inputs, format }) => {
      const { inspect } = await import('../../inspect.js');
      const inspection = await inspect(inputs);
      if (format === 'json') {
        await write([`${JSON.stringify(inspection, null, 2)}\n`]);
      } else {
        const { renderInspection } = await import('../../report/inspect.js');
        await write([renderInspection(inspection, { columns: columns(), color: wantsColor() })]);
      }
      settle(0);
    },
  };
}
