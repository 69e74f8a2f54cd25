/** Options of all commands that record nodes. */
import type { Argv } from 'yargs';
import type { Recording } from '../../live/recording.js';
import { parseAddressFlag } from '../../model/address-flag.js';
import { UsageError } from '../../model/errors.js';

export interface RecordingArguments {
  interface: string[];
  vip: string[];
  filter: string | undefined;
  duration: string;
  snaplen: number;
  'log-martians': boolean;
  'drop-reasons': boolean;
}

/** @param duration the default */
export function recordingOptions<T>(yargs: Argv<T>, duration: string): Argv<T & RecordingArguments> {
  return yargs
    .option('interface', {
      alias: 'i',
      describe: 'capture on this interface (may be given again)',
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      defaultDescription: 'all',
    })
    .option('vip', {
      describe:
        'leave out what connections to other addresses carry (may be given again); their beginnings and ends stay, for NAT hides the address',
      type: 'string',
      array: true,
      nargs: 1,
      default: [] as string[],
      defaultDescription: 'none',
    })
    .option('filter', {
      describe: "a filter in tcpdump's language, in place of the one that --vip gives",
      type: 'string',
      nargs: 1,
    })
    .option('duration', {
      describe: 'how long: 30, 90s, 5m, 1h, 1d; 0: until Ctrl-C',
      type: 'string',
      nargs: 1,
      default: duration,
    })
    .option('snaplen', {
      describe: 'octets of each packet',
      type: 'number',
      nargs: 1,
      default: 192,
    })
    .option('log-martians', {
      describe:
        'have the kernel log martian packets meanwhile (net.ipv4.conf.all.log_martians=1, put back after)',
      type: 'boolean',
      default: false,
    })
    .option('drop-reasons', {
      describe:
        "record the kernel's reasons of drops meanwhile (a tracefs instance of its own; Linux 5.17 and later)",
      type: 'boolean',
      default: false,
    }) as Argv<T & RecordingArguments>;
}

/** @throws UsageError */
export function recordingOf(args: RecordingArguments, node: string | null): Recording {
  const { interface: interfaces, snaplen } = args;
  const vips = args.vip.map((text) => parseAddressFlag('--vip', text));
  for (const name of interfaces) {
    if (!/^[^\s/]{1,15}$/.test(name)) throw new UsageError(`--interface ${name}: no interface's name`);
  }
  if (!Number.isInteger(snaplen) || snaplen < 64 || snaplen > 262_144) {
    throw new UsageError(`--snaplen ${snaplen}: not from 64 to 262144`);
  }
  return {
    node,
    seconds: secondsOf(args.duration),
    interfaces,
    vips,
    filter: args.filter ?? null,
    snaplen,
    megabytes: null,
    files: null,
    logMartians: args['log-martians'],
    dropReasons: args['drop-reasons'],
  };
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** @throws UsageError */
function secondsOf(text: string): number {
  const match = /^(\d{1,7})\s*([smhd]?)$/.exec(text);
  if (!match) throw new UsageError(`--duration ${text}: no time; give 30, 90s, 5m or 1h`);
  return Number(match[1]) * UNITS[match[2] || 's']!;
}
