/** What takes a fix back: each of its commands undone, the last first. */
import { routeLine } from '../../kernel/explanation/listing-text.js';
import { applyChange } from '../../kernel/what-if/apply.js';
import type { SysctlChange } from '../../kernel/what-if/change.js';
import { resolveKey } from '../../kernel/what-if/sysctl-key.js';
import type { Finding, Fix, FixCommand } from '../../model/analysis.js';
import { UsageError } from '../../model/errors.js';
import type { Route, Snapshot } from '../../model/snapshot.js';
import { stationLabel } from '../../model/station.js';
import type { Network } from '../../network/network.js';
import { changesOf } from './commands.js';

/** The finding with what takes its fix back. */
export function withUndo<T extends Pick<Finding, 'fix'>>(finding: T, network: Network): T {
  const undo = finding.fix ? undoing(finding.fix, network) : [];
  return undo.length === 0 ? finding : { ...finding, fix: { ...finding.fix!, undo } };
}

/** Empty where nothing stays, or where of one of the commands it is not known what was there before. */
function undoing({ commands }: Fix, network: Network): FixCommand[] {
  const states = new Map<string, Snapshot | null>();
  const undone: FixCommand[] = [];
  for (const { node, command, persists, asks } of commands) {
    if (asks) continue;
    const [, inside = '', netns = null, plain = command] = /^(ip netns exec (\S+) )?(.*)$/s.exec(command)!;
    const label = stationLabel(node, netns);
    const before = states.has(label) ? states.get(label)! : (network.station(node, netns)?.snapshot ?? null);
    const own = persists ? removing(plain) : undoOf(plain, before);
    if (own === null) return [];
    const lines = own.map((line) => ({ ...line, node, command: `${inside}${line.command}`, persists }));
    undone.unshift(...lines);
    states.set(label, before && after(before, plain));
  }
  return undone;
}

type Line = Pick<FixCommand, 'command' | 'asks'>;

/** What stands in a file of the fix's own alone. */
function removing(command: string): Line[] | null {
  const path = / > (\/\S+)$/.exec(command)?.[1];
  return path === undefined ? null : [{ command: `rm ${path}` }];
}

/** @param before as it is when the command's turn comes; null where it is not known */
function undoOf(command: string, before: Snapshot | null): Line[] | null {
  if (command.startsWith('sysctl -w ')) return settingBack(command, before);
  const [, ip, object, verb, rest] =
    /^(ip(?: -[46])?) (rule|route|addr|neigh) (\w+) (.*)$/.exec(command) ?? [];
  if (object === 'rule' && verb === 'add') return [{ command: `${ip} rule del ${rest}` }];
  if (object === 'addr' && verb === 'add') return [{ command: `${ip} addr del ${rest}` }];
  if (object === 'addr' && verb === 'del') return [{ command: `${ip} addr add ${rest}` }];
  if (object === 'route') return routesBack(ip!, command, before);
  // What was forgotten is learnt anew.
  if (object === 'neigh' && verb === 'del') return [];
  const [, tables, chain, rule] = /^(ip6?tables(?: -t \S+)?) -[AI] (\S+) (?:\d+ )?(.*)$/.exec(command) ?? [];
  if (tables !== undefined) return [{ command: `${tables} -D ${chain} ${rule}` }];
  return nftBack(command);
}

function settingBack(command: string, before: Snapshot | null): Line[] | null {
  const settings = changesOf(command).map((change) => {
    const { key, command } = change as SysctlChange;
    const old = before?.sysctl?.get(resolveKey(before, key));
    return old === undefined ? null : `${command.slice(0, command.indexOf('='))}=${old}`;
  });
  if (settings.includes(null)) return null;
  return [{ command: `sysctl -w ${settings.reverse().join(' ')}` }];
}

/** A route that was replaced or taken away is set again; what stood nowhere before is taken away. */
function routesBack(ip: string, command: string, before: Snapshot | null): Line[] | null {
  const now = before && after(before, command);
  if (!before || !now) return null;
  const routesOf = ({ routes4, routes6 }: Snapshot) => [...(routes4 ?? []), ...(routes6 ?? [])];
  const standing = new Set(routesOf(now));
  const gone = routesOf(before).filter((route) => !standing.has(route));
  if (gone.length > 0) return gone.map((route) => ({ command: `${ip} route replace ${routeWords(route)}` }));
  return [{ command: command.replace(/^(\S+(?: -[46])? route) \w+ /, '$1 del ') }];
}

/** Without what the kernel says of the device's state. */
function routeWords(route: Route): string {
  const settable = (flags: readonly string[]) => flags.filter((flag) => flag === 'onlink');
  return routeLine({
    ...route,
    flags: settable(route.flags),
    nextHops: route.nextHops.map((hop) => ({ ...hop, flags: settable(hop.flags) })),
  });
}

/** A rule goes by its handle, which the kernel gives: it is to be looked up. */
function nftBack(command: string): Line[] | null {
  const chain = /^nft '(?:insert|add) rule (\S+ \S+ \S+) /.exec(command)?.[1];
  if (chain === undefined) return null;
  return [
    { command: `nft -a list chain ${chain}`, asks: true },
    { command: `nft delete rule ${chain} handle NUMBER` },
  ];
}

/** As it is after the command, where the model can tell. */
function after(snapshot: Snapshot, command: string): Snapshot | null {
  if (!/^(?:sysctl|ip|ip6?tables) /.test(command)) return snapshot;
  try {
    return changesOf(command).reduce(applyChange, snapshot);
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}
