import type { CommandModule } from 'yargs';
import { SEVERITIES, type Severity } from '../../model/analysis.js';
import type { LiveView } from '../../report/live/view.js';
import { shellExamples } from '../examples.js';
import { interruption } from '../interruption.js';
import { printMessage } from '../standard-error.js';
import { VERSION } from '../version.js';
import { type NodesArguments, nodesOf, nodesOption, sayHowItEnds } from './live.js';
import { recordingOf, recordingOptions } from './recording.js';

interface WatchArguments extends NodesArguments {
  listen: string;
  webhook: string | undefined;
  'webhook-severity': string;
}

/** Ten minutes are looked back on, and at the most 160 MB of each node. */
const WINDOW = { octets: 16_000_000, files: 10, milliseconds: 600_000 };

export function watchCommand(settle: (status: number) => void): CommandModule<object, WatchArguments> {
  return {
    command: 'watch',
    describe: 'as live, without an end: metrics for Prometheus, and a webhook for what is new',
    builder: (yargs) =>
      nodesOption(recordingOptions(yargs, '0'))
        .option('listen', {
          describe: 'HOST:PORT that /metrics is served on (OpenMetrics)',
          type: 'string',
          nargs: 1,
          default: '127.0.0.1:9818',
        })
        .option('webhook', {
          describe:
            'http or https address that each new finding is posted to, as JSON; also RETURNPATH_WEBHOOK',
          type: 'string',
          nargs: 1,
        })
        .option('webhook-severity', {
          describe: 'findings that are posted: of this severity and graver ones',
          choices: [...SEVERITIES],
          nargs: 1,
          default: 'fault',
        })
        .example(
          shellExamples([
            'returnpath watch --node n1=ssh://root@n1 --node n2=ssh://root@n2 --vip 192.168.1.100',
            'until Ctrl-C',
          ]),
        )
        .epilogue(
          'Looks back on ten minutes, in a temporary directory of 160 MB a node at the most.\nExit status: 0 ended by a signal, 2 bad usage, or no node could be recorded.',
        ),
    handler: async (args) => {
      const recording = recordingOf(args, null);
      const nodes = await nodesOf(args.nodes);
      const [{ live }, { Metrics }, { serveMetrics }, { Webhook }] = await Promise.all([
        import('../../live/live.js'),
        import('../../live/watch/metrics.js'),
        import('../../live/watch/server.js'),
        import('../../live/watch/webhook.js'),
      ]);
      const address = args.webhook ?? process.env.RETURNPATH_WEBHOOK ?? '';
      const severities = new Set(
        SEVERITIES.slice(0, SEVERITIES.indexOf(args['webhook-severity'] as Severity) + 1),
      );
      const webhook = address === '' ? null : new Webhook(address, severities, printMessage);
      const metrics = new Metrics();
      const server = await serveMetrics(metrics, args.listen);
      printMessage(`metrics: ${server.url}`);
      sayHowItEnds(recording.seconds);
      try {
        await live({
          nodes,
          recording,
          out: null,
          window: WINDOW,
          probe: null,
          persistent: true,
          version: VERSION,
          signal: interruption(),
          onMessage: printMessage,
          onView: (view: LiveView) => {
            metrics.update(view);
            webhook?.update(view);
          },
        });
      } finally {
        await server.stop();
        await webhook?.stop();
      }
      settle(0);
    },
  };
}
