import type { Snapshot } from '../../model/snapshot.js';
import { stationLabel } from '../../model/station.js';
import type { Change, SysctlChange } from './change.js';
import { resolveKey } from './sysctl-key.js';
import { namedTables } from './tables.js';

/** A change in a line, for the report: `node1: with net.ipv4.conf.all.rp_filter=2 (was 1)`. */
export function noteOf(before: Snapshot, after: Snapshot, change: Change): string {
  const place = stationLabel(before.node, before.netns);
  if (change.kind === 'sysctl') return `${place}: with ${settingNote(before, after, change)}`;
  return `${place}: with ${[change.command, ...doubts(before, after, change)].join('; ')}`;
}

function settingNote(before: Snapshot, after: Snapshot, change: SysctlChange): string {
  const key = resolveKey(before, change.key);
  const value = after.sysctl!.get(key);
  const old = before.sysctl?.get(key);
  const was = old === undefined ? 'was not known' : old === value ? 'as it was' : `was ${old}`;
  const others = [...after.sysctl!].filter(
    ([other, now]) => other !== key && before.sysctl?.get(other) !== now,
  );
  const also = others.length === 0 ? '' : `, and with it ${others.map(([other]) => other).join(', ')}`;
  return `${key}=${value} (${was})${also}${followers(before, key, old ?? null)}`;
}

/**
 * devinet_copy_dflt_conf(): what is set as default is copied to interfaces where nobody ever set it, nor gave
 * an address to. Of that, no snapshot tells the first.
 */
function followers(snapshot: Snapshot, key: string, old: string | null): string {
  const setting = /^net\.ipv4\.conf\.default\.(\w+)$/.exec(key)?.[1];
  if (setting === undefined) return '';
  const none = '; interfaces that are there keep theirs';
  if (setting === 'forwarding' || !snapshot.links || !snapshot.addresses) return none;
  const bare = snapshot.links
    .map((link) => link.name)
    .filter(
      (name) => !snapshot.addresses!.some((own) => own.interface === name && !own.address.includes(':')),
    )
    .filter((name) => snapshot.sysctl?.get(`net.ipv4.conf.${name.replaceAll('.', '/')}.${setting}`) === old);
  if (bare.length === 0) return none;
  return `${none}, but ${bare.join(', ')}, without an IPv4 address, would take it if nobody had ever set it there: taken as set`;
}

/** What had to be assumed. */
function doubts(before: Snapshot, after: Snapshot, change: Exclude<Change, SysctlChange>): string[] {
  const lines: string[] = [];
  const table =
    change.kind === 'rule' ? change.rule.table : change.kind === 'route' ? change.route.table : null;
  const names = namedTables(before);
  if (table !== null && /^\d+$/.test(table) && names.length > 0) {
    lines.push(`table ${table} is taken to be none of ${names.join(', ')}`);
  }
  if (change.kind === 'rule' && change.verb === 'add' && change.rule.priority === null) {
    const field = change.rule.family === 4 ? 'rules4' : 'rules6';
    const added = after[field]!.find((rule) => !before[field]?.includes(rule));
    if (added) lines.push(`the kernel gives it priority ${added.priority}`);
  }
  return lines;
}
