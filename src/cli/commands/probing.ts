/** Options of the commands that can send something on purpose while they record. */
import type { Argv } from 'yargs';
import type { ProbePlan, ProbingNode } from '../../live/probe/plan.js';
import { canonicalAddress, familyOf } from '../../model/address.js';
import { UsageError } from '../../model/errors.js';
import { HIGHEST_RATE, MOST_CONNECTIONS } from '../../model/probe-bounds.js';

export interface ProbeArguments {
  probe: string[];
  'probe-count': number | undefined;
  'probe-rate': number | undefined;
}

export interface NodeProbeArguments extends ProbeArguments {
  'probe-from': string | undefined;
  'arping-from': string | undefined;
}

const COUNT = 20;
const RATE = 10;

export function probeOptions<T>(yargs: Argv<T>): Argv<T & ProbeArguments> {
  return yargs
    .option('probe', {
      describe:
        'PORT of the --vip, or VIP:PORT (may be given again): open connections to it meanwhile, and report how each fared beside what was seen of it; nothing is sent over them',
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      defaultDescription: 'none',
    })
    .option('probe-count', {
      describe: `connections to open, from as many source ports; at most ${MOST_CONNECTIONS}`,
      type: 'number',
      nargs: 1,
      defaultDescription: String(COUNT),
    })
    .option('probe-rate', {
      describe: `connections a second, at most ${HIGHEST_RATE}`,
      type: 'number',
      nargs: 1,
      defaultDescription: String(RATE),
    }) as Argv<T & ProbeArguments>;
}

export function nodeProbeOptions<T>(yargs: Argv<T>): Argv<T & NodeProbeArguments> {
  return probeOptions(yargs)
    .option('probe-from', {
      describe: 'the --node that the connections are opened from, with nc or curl',
      type: 'string',
      nargs: 1,
      defaultDescription: 'this machine',
    })
    .option('arping-from', {
      describe: 'the --node that asks by ARP who has each --vip (IPv4), with arping',
      type: 'string',
      nargs: 1,
    }) as unknown as Argv<T & NodeProbeArguments>;
}

/**
 * @param vips as they were given
 * @param nodes of the run
 * @returns null where nothing is to be sent
 * @throws UsageError
 */
export function probePlanOf(
  args: ProbeArguments & Partial<NodeProbeArguments>,
  vips: readonly string[],
  nodes: readonly ProbingNode[],
): ProbePlan | null {
  const arpingFrom = nodeNamed('arping-from', args['arping-from'], nodes);
  if (args.probe.length === 0) {
    for (const flag of ['probe-count', 'probe-rate', 'probe-from'] as const) {
      if (args[flag] !== undefined)
        throw new UsageError(`--${flag}: say with --probe PORT what to connect to`);
    }
    if (arpingFrom === null) return null;
  }
  const { 'probe-count': count = COUNT, 'probe-rate': rate = RATE } = args;
  if (!Number.isInteger(count) || count < 1 || count > MOST_CONNECTIONS) {
    throw new UsageError(`--probe-count ${count}: not a whole number from 1 to ${MOST_CONNECTIONS}`);
  }
  if (!(rate >= 0.1 && rate <= HIGHEST_RATE)) {
    throw new UsageError(`--probe-rate ${rate}: not from 0.1 to ${HIGHEST_RATE} a second`);
  }
  return {
    targets: args.probe.map((text) => targetOf(text, vips)),
    from: nodeNamed('probe-from', args['probe-from'], nodes),
    count,
    rate,
    arping: arpingFrom === null ? null : { from: arpingFrom, vips: arpVips(vips) },
  };
}

function nodeNamed(
  flag: string,
  name: string | undefined,
  nodes: readonly ProbingNode[],
): ProbingNode | null {
  if (name === undefined) return null;
  const node = nodes.find((one) => one.name === name);
  if (node) return node;
  throw new UsageError(
    `--${flag} ${name}: no node of this run; there are ${nodes.map((one) => one.name).join(', ')}`,
  );
}

/** Nothing is ever sent but to a VIP that was named, and a port of it that was. */
function targetOf(text: string, vips: readonly string[]): { vip: string; port: number } {
  const flag = `--probe ${text}`;
  const match = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) {
    throw new UsageError(`${flag}: not PORT, VIP:PORT or [VIP]:PORT, with a port from 1 to 65535`);
  }
  const known = [...new Set(vips.map((vip) => canonicalAddress(vip)!))];
  const given = match[1] ?? match[2];
  if (given === undefined) {
    if (known.length === 1) return { vip: known[0]!, port };
    const need = known.length === 0 ? 'name the VIP with --vip' : `there are several VIPs; give VIP:${port}`;
    throw new UsageError(`${flag}: ${need}`);
  }
  const vip = canonicalAddress(given);
  if (vip === null || !known.includes(vip)) {
    throw new UsageError(`${flag}: ${given} is none of the addresses named with --vip`);
  }
  return { vip, port };
}

function arpVips(vips: readonly string[]): string[] {
  const known = [...new Set(vips.map((vip) => canonicalAddress(vip)!))].filter((vip) => familyOf(vip) === 4);
  if (known.length > 0) return known;
  throw new UsageError(
    vips.length === 0
      ? '--arping-from: name the VIP with --vip'
      : '--arping-from: no --vip is IPv4, and IPv6 has no ARP',
  );
}
