/**
 * Where the node's own rules mark what comes in and save the mark to the connection, and a policy rule asks for it, the
 * one thing that replies lack is the rule that gives them the mark back: no second mark and table beside the node's own.
 */

import { familyOf } from '../../../model/address.js';
import type { Snapshot } from '../../../model/snapshot.js';
import type { Station } from '../../../network/station.js';
import { shellWord } from '../../shell-word.js';
import { COST, type FixIdea, type Problem } from '../idea.js';
import { nftObjects, nftStep, type Step, step } from '../step.js';

export function restoredMark({ risks: [risk] }: Problem): FixIdea[] {
  const { station, trip, leg } = risk!;
  const family = familyOf(trip.request.packet.destination.text)!;
  const rules = (family === 6 ? station.snapshot.rules6 : station.snapshot.rules4) ?? [];
  return [...iptablesRestores(station, family), ...nftRestores(station, family)].flatMap(({ mask, step }) => {
    const asked = rules.find(({ fwmark, fwmask, not }) => {
      // What the reply has already it need not be given.
      const has = (leg.passage.packet.mark & (fwmask ?? 0xffffffff)) >>> 0 === fwmark;
      return !not && fwmark !== null && fwmark !== 0 && (fwmark & mask) >>> 0 === fwmark && !has;
    });
    if (!asked) return [];
    const mark = hex(asked.fwmark!);
    return [
      {
        summary: `Have ${station.label} give replies the mark of their connection back: its rule ${asked.priority} asks for ${mark}, which its own rules set and save, and nothing restores.`,
        steps: [step],
        risk: `On the way in the connection's mark takes the place of what is in those bits of the packet's (${hex(mask)}) until then. A connection that lost its mark goes as before: it has to be opened anew.`,
        cost: COST.change,
      },
    ];
  });
}

interface Restore {
  /** The bits of the mark that come back. */
  mask: number;
  step: Step;
}

/** As iptables-save prints them; one of a mask is enough, for the restore is the same. */
function iptablesRestores(station: Station, family: 4 | 6): Restore[] {
  const [tool, text] =
    family === 6 ? ['ip6tables', station.snapshot.ip6tables] : ['iptables', station.snapshot.iptables];
  const mangle = /^\*mangle$(.*?)^COMMIT$/ms.exec(text ?? '')?.[1] ?? '';
  const saves = mangle.matchAll(/ -j CONNMARK --save-mark --nfmask (0x[0-9a-f]+) --ctmask (0x[0-9a-f]+)/g);
  const sets = mangle.matchAll(/ -j CONNMARK --set-x?mark 0x[0-9a-f]+\/(0x[0-9a-f]+)/g);
  const masks = [
    ...[...saves].filter(([, nfmask, ctmask]) => nfmask === ctmask).map(([, mask]) => Number(mask)),
    ...[...sets].map(([, mask]) => Number(mask)),
  ];
  return [...new Set(masks)].map((mask) => ({
    mask,
    // First of all: what else is there may look at the mark, and leave a packet alone that has one.
    step: step(
      station,
      `${tool} -t mangle -I PREROUTING 1 -j CONNMARK --restore-mark --nfmask ${hex(mask)} --ctmask ${hex(mask)}`,
    ),
  }));
}

const META = { meta: { key: 'mark' } };
const CT = { ct: { key: 'mark' } };

/** Before the first rule of the chain in which what comes in is marked. */
function nftRestores(station: Station, family: 4 | 6): Restore[] {
  const { snapshot } = station;
  const saves = marksSet(snapshot, CT).some(({ value }) => isSame(value, META));
  const marks = marksSet(snapshot, META).find(
    ({ where, value }) => !isSame(value, CT) && isPrerouting(snapshot, where, family),
  );
  if (!saves || !marks) return [];
  const { where } = marks;
  const { family: kind, table, chain } = where;
  const command = `nft ${shellWord(`insert rule ${kind} ${table} ${chain} meta mark set ct mark`)}`;
  const rule = { rule: { ...where, expr: [{ mangle: { key: META, value: CT } }] } };
  const restore = nftStep(station, command, (listing) => {
    const first = listing.findIndex((object) => isSame(placeOf((object as NftObject).rule), where));
    return first < 0 ? [...listing, rule] : listing.toSpliced(first, 0, rule);
  });
  return [{ mask: 0xffffffff, step: restore }];
}

interface Place {
  family: string;
  table: string;
  chain: string;
}

interface NftObject {
  rule?: Place & { expr?: unknown };
  chain?: { family: string; table: string; name: string; type?: string; hook?: string };
}

/** Which rules set a mark, and to what. */
function marksSet(snapshot: Snapshot, key: object): { where: Place; value: unknown }[] {
  return (nftObjects(snapshot) as NftObject[]).flatMap(({ rule }) => {
    const statements = Array.isArray(rule?.expr) ? (rule.expr as { mangle?: Record<string, unknown> }[]) : [];
    return statements
      .filter(({ mangle }) => isSame(mangle?.key, key))
      .map(({ mangle }) => ({ where: placeOf(rule)!, value: mangle!.value }));
  });
}

function isPrerouting(snapshot: Snapshot, { family, table, chain }: Place, ip: 4 | 6): boolean {
  if (!['inet', ip === 6 ? 'ip6' : 'ip'].includes(family)) return false;
  return (nftObjects(snapshot) as NftObject[]).some(
    ({ chain: one }) =>
      one?.family === family &&
      one.table === table &&
      one.name === chain &&
      one.hook === 'prerouting' &&
      one.type === 'filter',
  );
}

function placeOf(rule: NftObject['rule']): Place | null {
  return rule ? { family: rule.family, table: rule.table, chain: rule.chain } : null;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
