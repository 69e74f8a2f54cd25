import type { CommandModule } from 'yargs';
import { escapeText } from '../../report/escape.js';
import { shellExamples } from '../examples.js';
import { KEEP_GOING } from '../keep-going.js';
import { checkOutput } from '../output-file.js';
import { checkFormat, type FormatArguments, formatOptions, printAnalysis } from '../print-analysis.js';
import { type RedactArguments, redactionOf, redactKey, redactOptions } from '../redaction.js';
import { type ChangeArguments, changeOf, changeOptions } from './changes.js';

interface PredictArguments extends ChangeArguments, FormatArguments, RedactArguments {
  bundles: string[];
  vip: string[];
  port: number | undefined;
  protocol: string | undefined;
  client: string[];
  'keep-going': boolean;
}

export function predictCommand(settle: (status: number) => void): CommandModule<object, PredictArguments> {
  return {
    command: 'predict <bundles..>',
    describe: "say where connections would be lost, by the nodes' settings alone and with no packet",
    builder: (yargs) =>
      redactOptions(formatOptions(changeOptions(yargs)))
        .positional('bundles', {
          describe: 'bundle (directory, .tar, .tar.gz) of each node; NODE=PATH names the node',
          type: 'string',
          array: true,
          demandOption: true,
        })
        .option('vip', {
          describe: 'the address that clients connect to (may be given again)',
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          defaultDescription: 'those in kube/',
        })
        .option('port', {
          describe: 'of the VIP',
          type: 'number',
          nargs: 1,
          defaultDescription: "those of the Service, or of the nodes' rules",
        })
        .option('protocol', { describe: 'of the connection', choices: ['tcp', 'udp', 'sctp'], nargs: 1 })
        .option('client', {
          describe: 'address of who connects: beyond the routers, of a node or of a pod (may be given again)',
          type: 'string',
          array: true,
          nargs: 1,
          default: [] as string[],
          defaultDescription: 'one beyond the routers',
        })
        .option('keep-going', KEEP_GOING)
        .example(
          shellExamples(
            ['returnpath predict node1.tar.gz node2.tar.gz --vip 192.168.1.100', 'before anybody connects'],
            [
              'returnpath predict node1/ node2/ --vip 192.168.1.100 --set node2:net.ipv4.conf.all.rp_filter=1',
              'before a setting is changed',
            ],
          ),
        )
        .epilogue(
          'Exit status: 0 whatever is foretold (risks are no faults), 2 bad usage or unreadable input.',
        ),
    handler: async (args) => {
      checkFormat(args);
      const key = redactKey(args);
      await checkOutput(args.output, args.bundles);
      const { bundles, vip, port, protocol, client, 'keep-going': keepGoing } = args;
      const warn = (line: string) => void process.stderr.write(`returnpath: ${escapeText(line)}\n`);
      const { predict } = await import('../../predict.js');
      const change = await changeOf(args);
      const analysis = await predict(bundles, {
        vips: vip,
        port: port ?? null,
        protocol: protocol ?? null,
        clients: client,
        keepGoing,
        change,
        warn,
      });
      settle(0);
      const redaction = await redactionOf(analysis, key, bundles);
      await printAnalysis(redaction?.analysis ?? analysis, args);
    },
  };
}
