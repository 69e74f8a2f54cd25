import type {
  Analysis,
  AnalysisAttempt,
  Endpoint,
  Finding,
  FindingRouter,
  PathStep,
  Role,
} from '../../../model/analysis.js';
import { lossMark } from '../../terminal/causes.js';
import { addressNames } from '../../terminal/names.js';
import { causeText, endpointText, flowText, packetName, placeText } from '../../terminal/words.js';
import { wrap } from '../../terminal/wrap.js';
import { clipped, TextLines } from '../svg-text.js';
import { type Placed, type Rows, rowsOf } from './rows.js';
import { type Station, type Way, wayOf } from './stations.js';

/** Units of the picture, which are pixels where it has room. */
const WIDTH = 440;
const MARGIN = 10;
/** How far from the edge a box ends that one of the ways goes round. */
const ASIDE = 150;
const CHIP = { width: 144, height: 26 };
/** Of the request's line, and of the reply's. */
const LANES: Record<Role, number> = { request: 92, reply: 348 };
/** The same where no reply is drawn: what becomes of the request stands beside it. */
const NOTE_X = 176;
const NOTE_COLUMNS = 36;
/** Beside the cross: of the request's there is room to the right. */
const MARK_COLUMNS: Record<Role, number> = { request: 38, reply: 21 };

interface PictureProps {
  attempt: AnalysisAttempt;
  /** Null where nothing went wrong. */
  finding: Finding | null;
  analysis: Analysis;
  /** Told apart from those of the page's other pictures. */
  id: string;
}

/** The way of one attempt, from the client at the top to the backend at the bottom, and where it was lost. */
export function PathPicture({ attempt, finding, analysis, id }: PictureProps) {
  const way = wayOf(attempt, finding);
  if (!way) return null;
  const hasReply = way.stations.some(({ replies }) => replies.length > 0);
  const routers = (finding?.routers ?? []).filter(({ role }) => role === 'request' || hasReply);
  const rows = rowsOf(way, finding?.claimants.length ?? 0, routers.length > 0);
  return (
    <figure class="path">
      <svg
        viewBox={`0 0 ${WIDTH} ${rows.height}`}
        width={WIDTH}
        height={rows.height}
        role="img"
        aria-labelledby={`${id}-title ${id}-desc`}
      >
        <title id={`${id}-title`}>{`The way of attempt ${attempt.id}`}</title>
        <desc id={`${id}-desc`}>{description(way, attempt, finding)}</desc>
        {rows.stations.map((placed) => (
          <StationBox
            placed={placed}
            isFault={way.fault === placed.station}
            side={sideOf(placed.station, hasReply)}
          />
        ))}
        <Lines rows={rows} way={way} />
        {rows.stations.map((placed) => (
          <StationName
            placed={placed}
            isFault={way.fault === placed.station}
            side={sideOf(placed.station, hasReply)}
          />
        ))}
        <Client attempt={attempt} y={rows.client} />
        <Routers routers={routers} y={rows.routers} />
        {finding && finding.claimants.length > 0 && <Claimants finding={finding} y={rows.claimants} />}
        {rows.stations.map((placed, i) => (
          <Chips placed={placed} note={hasReply ? null : (at) => noteOf(rows.stations, i, at)} />
        ))}
        {rows.mark && finding && <Mark rows={rows} attempt={attempt} finding={finding} />}
        <Backend attempt={attempt} analysis={analysis} way={way} y={rows.backend} />
      </svg>
      <figcaption>
        {`${attempt.protocol} ${flowText(attempt.client, attempt.server)}: ${attempt.outcome}. `}
        <span class="request">Request ↓</span>
        {hasReply ? (
          <>
            {', '}
            <span class="reply">reply ↑</span>
          </>
        ) : null}
        . Hop by hop below.
      </figcaption>
    </figure>
  );
}

/** The picture in words, as a screen reader says it. */
function description(way: Way, attempt: AnalysisAttempt, finding: Finding | null): string {
  const passed = (role: Role, list: readonly Way['stations'][number][]) =>
    list.flatMap(({ name, requests, replies }) => {
      const own = role === 'request' ? requests : replies;
      return own.length === 0 ? [] : [`${name} (${own.map(stepText).join(', ')})`];
    });
  const requests = passed('request', way.stations);
  const replies = passed('reply', way.stations.toReversed());
  const router = (role: Role) => finding?.routers?.find((one) => one.role === role);
  const [handed, given] = [router('request'), router('reply')];
  const parts = [
    handed ? `It came from the router ${handed.address ?? handed.mac}.` : '',
    `The ${packetName(attempt.protocol, 'request')} was seen on ${requests.join(', then ') || 'no node'}.`,
    replies.length > 0
      ? `The ${packetName(attempt.protocol, 'reply')} was seen on ${replies.join(', then ')}.`
      : '',
    given && replies.length > 0 ? `It was given to the router ${given.address ?? given.mac}.` : '',
    way.lost && finding
      ? `The ${packetName(attempt.protocol, way.lost.role)} was seen last on ${way.lost.station.name}; ${lossMark(finding, attempt)}: ${causeText(finding)}.`
      : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function stepText({ interface: name, direction }: PathStep): string {
  return `${name ?? 'an unnamed interface'}${direction === null ? '' : ` ${direction}`}`;
}

/** The two lanes, drawn first: boxes stand on them. What was not travelled is dashed. */
function Lines({ rows, way }: { rows: Rows; way: Way }) {
  const { lost } = way;
  const top = rows.client + rows.pill;
  const bottom = rows.backend;
  const hasReply = way.stations.some(({ replies }) => replies.length > 0);
  const mark = rows.mark?.y ?? 0;
  return (
    <>
      {lost?.role === 'request' ? (
        <>
          <Lane packet="request" from={top} to={mark} />
          <Lane packet="request" from={mark} to={bottom} isMissing />
        </>
      ) : (
        <Lane packet="request" from={top} to={bottom} />
      )}
      {hasReply && lost?.role === 'reply' && (
        <>
          <Lane packet="reply" from={bottom} to={mark} />
          <Lane packet="reply" from={mark} to={top} isMissing />
        </>
      )}
      {hasReply && lost?.role !== 'reply' && <Lane packet="reply" from={bottom} to={top} />}
    </>
  );
}

interface LaneProps {
  packet: Role;
  from: number;
  to: number;
  isMissing?: boolean;
}

function Lane({ packet, from, to, isMissing = false }: LaneProps) {
  const x = LANES[packet];
  const tip = to - (packet === 'request' ? 1 : -1);
  const back = packet === 'request' ? tip - 8 : tip + 8;
  return (
    <g class={isMissing ? 'missing' : packet}>
      <line x1={x} y1={from} x2={x} y2={to} />
      <path d={`M${x - 5} ${back} L${x} ${tip} L${x + 5} ${back}`} />
    </g>
  );
}

function Client({ attempt, y }: { attempt: AnalysisAttempt; y: number }) {
  const tries = attempt.tries === 1 ? '1 try' : `${attempt.tries} tries`;
  return (
    <Pill title="Client" lines={[endpointText(attempt.client), `${attempt.outcome} after ${tries}`]} y={y} />
  );
}

function Backend({
  attempt,
  analysis,
  way,
  y,
}: {
  attempt: AnalysisAttempt;
  analysis: Analysis;
  way: Way;
  y: number;
}) {
  const server = backendOf(attempt, way);
  const name = addressNames(analysis).of(server.address, server.port);
  const never = way.lost?.role === 'request' && way.fault !== null && attempt.outcome === 'no-reply';
  const second = name ?? (never ? 'no sign that it arrived' : '');
  return <Pill title="Server" lines={[endpointText(server), second]} y={y} isMissing={never} />;
}

/** Whom the request was for in the end, as far as it was seen. */
function backendOf(attempt: AnalysisAttempt, way: Way): Endpoint {
  const last = way.stations.findLast(({ requests }) => requests.length > 0);
  return last?.requests.at(-1)?.destination ?? attempt.server;
}

function Pill(props: { title: string; lines: string[]; y: number; isMissing?: boolean }) {
  const { title, lines, y, isMissing = false } = props;
  return (
    <g class={isMissing ? 'pill missing' : 'pill'}>
      <rect x={MARGIN} y={y} width={WIDTH - 2 * MARGIN} height={44} rx={22} />
      <text class="name" x={MARGIN + 22} y={y + 27}>
        {title}
      </text>
      <TextLines
        lines={lines.filter((line) => line !== '').map((line) => clipped(line, 46))}
        x={86}
        y={lines[1] ? y + 19 : y + 27}
      />
    </g>
  );
}

/** One that both ways go by is drawn once. */
function Routers({ routers, y }: { routers: readonly FindingRouter[]; y: number }) {
  const [first, second] = routers;
  if (!first) return null;
  if (second && first.mac === second.mac && first.address === second.address) {
    const x = MARGIN;
    return <RouterBox router={first} x={x} y={y} width={WIDTH - 2 * x} />;
  }
  return (
    <>
      {routers.map((router) => (
        <RouterBox
          router={router}
          x={router.role === 'request' ? MARGIN : WIDTH / 2 + 8}
          y={y}
          width={WIDTH / 2 - MARGIN - 8}
        />
      ))}
    </>
  );
}

function RouterBox({ router, x, y, width }: { router: FindingRouter; x: number; y: number; width: number }) {
  return (
    <g class="router">
      <rect x={x} y={y} width={width} height={44} rx={12} />
      <text class="name" x={x + 12} y={y + 18}>
        {clipped(`Router${router.address === null ? '' : ` ${router.address}`}`, 27)}
      </text>
      <text class="mono" x={x + 12} y={y + 35}>
        {clipped(router.mac ?? '', 24)}
      </text>
    </g>
  );
}

function Claimants({ finding, y }: { finding: Finding; y: number }) {
  const { claimants, vip } = finding;
  const protocol = vip?.includes(':') ? 'NDP' : 'ARP';
  return (
    <g class="claimants">
      <rect x={MARGIN} y={y} width={WIDTH - 2 * MARGIN} height={28 + 18 * claimants.length} rx={4} />
      <text class="name" x={MARGIN + 10} y={y + 19}>
        {clipped(`${claimants.length} answer ${protocol} for ${vip ?? 'the VIP'}:`, 52)}
      </text>
      <TextLines
        class="mono"
        lines={claimants.map(({ node, interface: name, mac }) =>
          clipped(`${mac}  ${placeText(node, name)}`, 48),
        )}
        x={MARGIN + 10}
        y={y + 38}
        leading={18}
      />
    </g>
  );
}

/** Which of the two ways goes by a node: the other one is drawn beside it. */
function sideOf({ requests, replies }: Station, hasReply: boolean): Role | 'both' {
  if (!hasReply || requests.length + replies.length === 0) return 'both';
  return replies.length === 0 ? 'request' : requests.length === 0 ? 'reply' : 'both';
}

interface StationProps {
  placed: Placed;
  isFault: boolean;
  side: Role | 'both';
}

function StationBox({ placed: { y, height }, isFault, side }: StationProps) {
  const [from, to] = edgesOf(side);
  return (
    <g class={isFault ? 'station fault' : 'station'}>
      <rect x={from} y={y} width={to - from} height={height} rx={4} />
    </g>
  );
}

function edgesOf(side: Role | 'both'): [from: number, to: number] {
  return [side === 'reply' ? ASIDE : MARGIN, side === 'request' ? WIDTH - ASIDE : WIDTH - MARGIN];
}

/** Drawn after the lines, which a long name reaches. */
function StationName({ placed: { station, y }, isFault, side }: StationProps) {
  const [from, to] = edgesOf(side);
  const columns = Math.floor((to - from - 20 - (isFault ? 80 : 0)) / 7.5);
  return (
    <g class="station-name">
      <text class="name" x={from + 10} y={y + 19}>
        {clipped(station.name, columns)}
      </text>
      {isFault && (
        <text class="flag" x={to - 10} y={y + 19} text-anchor="end">
          fault here
        </text>
      )}
      {station.requests.length + station.replies.length === 0 && (
        <text x={NOTE_X} y={y + 42}>
          not seen here
        </text>
      )}
    </g>
  );
}

function Chips({ placed, note }: { placed: Placed; note: ((at: number) => string[]) | null }) {
  const { requests, replies } = placed.station;
  return (
    <>
      {placed.requests.map((y, i) => (
        <>
          <Chip step={requests[i]!} packet="request" y={y} />
          {note && <TextLines lines={note(i)} x={NOTE_X} y={y + 11} leading={14} class="note" />}
        </>
      ))}
      {placed.replies.map((y, i) => (
        <Chip step={replies[i]!} packet="reply" y={y} />
      ))}
    </>
  );
}

function Chip({ step, packet, y }: { step: PathStep; packet: Role; y: number }) {
  const x = LANES[packet];
  return (
    <g class={`chip ${packet}`}>
      <rect x={x - CHIP.width / 2} y={y} width={CHIP.width} height={CHIP.height} rx={3} />
      <text x={x} y={y + 17} text-anchor="middle">
        {`${clipped(step.interface ?? '?', 15)}${step.direction === null ? '' : ` ${step.direction}`}`}
      </text>
    </g>
  );
}

/** What NAT or a tunnel made of the request since it was seen before. */
function noteOf(stations: readonly Placed[], index: number, at: number): string[] {
  const all = stations.flatMap(({ station }) => station.requests);
  const step = stations[index]!.station.requests[at]!;
  const before = all[all.indexOf(step) - 1];
  const lines: string[] = [];
  const to = endpointText(step.destination);
  const from = endpointText(step.source);
  if (!before) lines.push(`to ${to}`);
  else {
    if (to !== endpointText(before.destination)) lines.push(`NAT: to ${to}`);
    if (from !== endpointText(before.source)) lines.push(`NAT: from ${from}`);
  }
  const tunnel = step.tunnels[0];
  if (tunnel !== undefined) lines.push(`in ${tunnel}`);
  return lines.flatMap((line) => wrap(line, NOTE_COLUMNS)).slice(0, 2);
}

/** Where the packet got lost: a cross, and in words why. */
function Mark({ rows, attempt, finding }: { rows: Rows; attempt: AnalysisAttempt; finding: Finding }) {
  const { role, y } = rows.mark!;
  const x = LANES[role];
  const lines = wrap(lossMark(finding, attempt), MARK_COLUMNS[role]).slice(0, role === 'request' ? 2 : 4);
  const textX = role === 'request' ? x + 22 : x - 22;
  return (
    <g class="mark">
      <circle cx={x} cy={y} r={12} />
      <path d={`M${x - 5} ${y - 5} l10 10 M${x + 5} ${y - 5} l-10 10`} />
      <TextLines
        lines={[finding.cause, ...lines]}
        x={textX}
        y={y + 4 - (lines.length * 14) / 2}
        leading={14}
        anchor={role === 'request' ? 'start' : 'end'}
      />
    </g>
  );
}
