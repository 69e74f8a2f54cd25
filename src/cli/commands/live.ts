import type { Argv, CommandModule } from 'yargs';
import type { Transport } from '../../live/transport.js';
import type { Analysis } from '../../model/analysis.js';
import { UsageError } from '../../model/errors.js';
import type { LiveView } from '../../report/live/view.js';
import { shellExamples } from '../examples.js';
import { interruption } from '../interruption.js';
import {
  checkFormat,
  FORMATS,
  type FormatArguments,
  formatOptions,
  printAnalysis,
  statusOf,
} from '../print-analysis.js';
import { printMessage } from '../standard-error.js';
import { VERSION } from '../version.js';
import { type NodeProbeArguments, nodeProbeOptions, probePlanOf } from './probing.js';
import { type RecordingArguments, recordingOf, recordingOptions } from './recording.js';

export interface NodesArguments extends RecordingArguments {
  nodes: string[];
}

interface LiveArguments extends NodesArguments, NodeProbeArguments, FormatArguments {
  out: string | undefined;
}

export function liveCommand(settle: (status: number) => void): CommandModule<object, LiveArguments> {
  return {
    command: 'live',
    describe: 'record several nodes at once and analyze what they see as it comes',
    builder: (yargs) =>
      formatOptions(nodeProbeOptions(nodesOption(recordingOptions(yargs, '60s'))), [...FORMATS, 'ndjson'])
        .option('out', {
          describe: 'directory that the bundles are kept in, one a node, for analyze',
          type: 'string',
          nargs: 1,
        })
        .example(
          shellExamples(
            [
              'returnpath live --node n1=ssh://root@n1 --node n2=ssh://root@n2 --vip 192.168.1.100',
              'two nodes over ssh, for a minute',
            ],
            [
              'returnpath live --node kubectl://worker-1 --node kubectl://worker-2 --vip 192.168.1.100 --out incident',
              'by debugging pods; the bundles are kept',
            ],
            [
              'returnpath live --node n1=ssh://n1 --node n2=ssh://n2 --vip 192.168.1.100 --probe 443 --arping-from n1',
              'with 20 connections from here, and who answers ARP for the VIP',
            ],
          ),
        )
        .epilogue(
          'A node that cannot be reached is a gap in the report; the others go on.\nExit status: 0 nothing at fault, 1 a fault was found, 2 bad usage, or no node could be recorded.',
        ) as unknown as Argv<LiveArguments>,
    handler: async (args) => {
      checkFormat(args);
      if (args.format === 'ndjson' && args.output !== undefined) {
        throw new UsageError('--output: events of --format ndjson go to standard output alone');
      }
      const recording = recordingOf(args, null);
      const nodes = await nodesOf(args.nodes);
      const probe = probePlanOf(args, recording.vips, nodes);
      const { live } = await import('../../live/live.js');
      const show = await shower(args.format, recording.seconds);
      const analysis = await live({
        nodes,
        recording,
        out: args.out ?? null,
        window: null,
        probe,
        version: VERSION,
        signal: interruption(),
        onMessage: printMessage,
        onView: show.view,
      }).finally(show.stop);
      const status = statusOf(analysis);
      process.exitCode = status;
      settle(status);
      if (args.format === 'ndjson') show.end(analysis);
      else await printAnalysis(analysis, args);
    },
  };
}

export function nodesOption<T>(yargs: Argv<T>): Argv<T & { nodes: string[] }> {
  return yargs.option('node', {
    alias: 'nodes',
    describe:
      'NAME=TRANSPORT (may be given again): ssh://[USER@]HOST[:PORT][?sudo][&config=FILE], kubectl://NODE[?image=IMAGE][&context=NAME][&namespace=NAME], netns://NAME, local; without NAME= the node is named after the host',
    type: 'string',
    array: true,
    nargs: 1,
    demandOption: 'name the nodes with --node NAME=TRANSPORT',
  }) as unknown as Argv<T & { nodes: string[] }>;
}

/** @throws UsageError */
export async function nodesOf(texts: readonly string[]): Promise<{ name: string; transport: Transport }[]> {
  const { parseTransport } = await import('../../live/transports/registry.js');
  const nodes = texts.map((text) => {
    const named = /^([^=:/?]+)=(.+)$/.exec(text);
    const transport = parseTransport(named?.[2] ?? text);
    const name = named?.[1] ?? /^\w+:\/\/(?:[^@/?]*@)?([^:/?]+)/.exec(text)?.[1] ?? text;
    if (!/^[\w][\w.-]{0,252}$/.test(name))
      throw new UsageError(`--node ${text}: ${name} is no name for a node`);
    return { name, transport };
  });
  const names = nodes.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  // First: another name would be no cure.
  const [one, other] = sameNode(nodes);
  if (one && other) {
    const as = one.name === other.name ? '' : `, as ${one.name} and ${other.name}`;
    throw new UsageError(`--node: ${one.transport.name} is given twice${as}; name each node once`);
  }
  if (twice !== undefined)
    throw new UsageError(`--node: two nodes are called ${twice}; name one of them otherwise`);
  return nodes;
}

/** The first two that are reached in the same way, and so are one; empty where there are none. */
function sameNode<T extends { transport: Transport }>(nodes: readonly T[]): T[] {
  for (const [i, one] of nodes.entries()) {
    const other = nodes.slice(i + 1).find(({ transport }) => transport.name === one.transport.name);
    if (other) return [one, other];
  }
  return [];
}

/** What a person at a terminal that shows no table has to be told. */
export function sayHowItEnds(seconds: number): void {
  if (process.stderr.isTTY !== true) return;
  printMessage(
    seconds === 0 ? 'recording; Ctrl-C ends it' : `recording for ${seconds} s; Ctrl-C ends it before`,
  );
}

/** Who shows how it stands, by the format and where it goes. */
async function shower(format: string, seconds: number) {
  if (format === 'ndjson') {
    const { LiveEvents } = await import('../../report/live/events.js');
    const events = new LiveEvents();
    const print = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`);
    let last: LiveView | null = null;
    const view = (state: LiveView) => {
      last = state;
      for (const event of events.of(state)) print(event);
    };
    const end = (analysis: Analysis) => {
      // Nothing that comes later can change what was pending.
      if (last) view({ ...last, analysis, settledUntilMs: Number.POSITIVE_INFINITY });
      print({ event: 'end', analysis });
    };
    return { view, stop: () => {}, end };
  }
  const end = () => {};
  if (process.stderr.isTTY !== true || process.env.TERM === 'dumb') {
    sayHowItEnds(seconds);
    return { view: () => {}, stop: () => {}, end };
  }
  const { LiveTerminal } = await import('../live-terminal.js');
  const terminal = new LiveTerminal(process.stderr);
  return { view: terminal.show.bind(terminal), stop: () => terminal.stop(), end };
}
