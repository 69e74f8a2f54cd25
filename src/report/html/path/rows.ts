import type { Role } from '../../../model/analysis.js';
import type { Station, Way } from './stations.js';

/** Where everything of a path's picture stands, from its top. */
export interface Rows {
  height: number;
  /** Height of the client's and the server's shape. */
  pill: number;
  client: number;
  claimants: number;
  /** Of the routers' shapes, which have the height of the client's. */
  routers: number;
  stations: Placed[];
  backend: number;
  /** The middle of the cross; null where nothing was lost. */
  mark: { role: Role; y: number } | null;
}

export interface Placed {
  station: Station;
  y: number;
  height: number;
  /** The top of each sighting's chip. */
  requests: number[];
  replies: number[];
}

const PILL = 44;
/** Of one chip to the next. */
const ROW = 36;
const TITLE = 30;
const GAP = 30;
/** The cross with its words; beside the reply's there is less room, so these are more lines. */
const MARK_ROW: Record<Role, number> = { request: 64, reply: 80 };

/**
 * @param claimants how many answer for the VIP, where that is the fault; else 0
 * @param hasRouters whether one is known between the client and the nodes
 */
export function rowsOf({ stations, lost }: Way, claimants: number, hasRouters: boolean): Rows {
  let y = 2;
  const client = y;
  y += PILL + GAP;
  const routers = y;
  if (hasRouters) y += PILL + GAP;
  const claimantsAt = y;
  if (claimants > 0) y += 28 + 18 * claimants + GAP;
  let mark: Rows['mark'] = null;
  const placed = stations.map((station): Placed => {
    const top = y;
    const isEnd = lost?.station === station;
    const { requests, replies } = station;
    const room = (role: Role, count: number) =>
      Math.max(count, 0) * ROW + (isEnd && lost.role === role ? MARK_ROW[role] : 0);
    const inner = Math.max(room('request', requests.length), room('reply', replies.length), ROW);
    const height = TITLE + inner;
    const first = top + TITLE;
    const bottom = top + height;
    const own: Placed = {
      station,
      y: top,
      height,
      requests: requests.map((_, i) => first + i * ROW),
      // The reply comes from below.
      replies: replies.map((_, i) => bottom - ROW - i * ROW),
    };
    if (isEnd) {
      const y =
        lost.role === 'request'
          ? first + requests.length * ROW + MARK_ROW.request / 2 - 4
          : bottom - replies.length * ROW - MARK_ROW.reply / 2 - 2;
      mark = { role: lost.role, y };
    }
    y += height + GAP;
    return own;
  });
  return {
    height: y + PILL + 2,
    pill: PILL,
    client,
    claimants: claimantsAt,
    routers,
    stations: placed,
    backend: y,
    mark,
  };
}
