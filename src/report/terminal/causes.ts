import type {
  AnalysisAttempt,
  CauseId,
  Finding,
  Outcome,
  PacketRole,
  PathStep,
} from '../../model/analysis.js';
import { isSlow } from '../shown-attempts.js';
import { counted, isLate, lastSighting, lostRole, nodeText, placeText } from './words.js';

interface Wording {
  /** What is broken and where, as one sentence without its full stop. */
  headline(finding: Finding, what: Subject): string;
  /** What is said where the attempt's path ends. */
  mark: string;
  /** The same where what is broken is not where the packet was seen last; as above where not given. */
  beyond?: string;
  /** The same where no reply was seen, though it is the reply that is lost; as above where not given. */
  unanswered?: string;
  /** The same where it is the request that is lost; as above where not given. */
  request?: string;
  /** The same where the attempt was refused, or an ICMP error came back; as above where not given. */
  refused?: string;
  /** The same where the client got its reply, and what it sent next was lost; as above where not given. */
  answered?: string;
}

/** The finding's own words for its packets and its place. */
interface Subject {
  /** `requests for 192.168.1.100`, `replies from 192.168.1.100`, `packets for 192.168.1.100` */
  packets: string;
  /** The same of what is sent back, also where none of it was seen. */
  replies: string;
  /** The same as `packets`; `the ACKs of connections to 192.168.1.100` where clients had their replies. */
  dropped: string;
  /** The VIP, or what else the clients asked for. */
  service: string;
  node: string;
  outcome: Outcome | null;
  askedOnce: boolean;
  /** No packet was seen, and so none was seen last anywhere. */
  isForetold: boolean;
  /** `, beyond node1 eth0`; empty where no place is known. */
  beyond: string;
  /** ` on eth0`, ` by eth0`; empty where the interface is not known. */
  with(preposition: string): string;
  /** The verb: of what was lost on the way to a connection that was made in the end, it is not known to go on. */
  tense(present: string, past: string): string;
}

/** What a headline is about. */
export interface Lost {
  /** The packet that got nowhere; null where no attempt tells. */
  role: PacketRole | null;
  /** How the attempt ended that shows it; null where none does. */
  outcome: Outcome | null;
  /** Its client asked but once, so that the reply may have got back. */
  askedOnce?: boolean;
  /** It is what the settings make of it: nobody has met it. */
  isForetold?: boolean;
  /** What clients asked for, by name. */
  service: string;
}

/** Of what drops packets for what they are. */
const DROPPED = {
  mark: 'lost here',
  beyond: 'lost after here',
  answered: 'the ACK that follows it is lost',
} as const;

/** A new cause is a row here. */
const WORDINGS: Record<CauseId, Wording> = {
  'rp-filter': {
    headline: (_, s) =>
      `${s.node} ${s.tense('drops', 'dropped')} ${s.dropped}${s.with('on')} by its reverse-path check`,
    ...DROPPED,
  },
  'netfilter-rpfilter': {
    headline: (_, s) =>
      `${s.node} ${s.tense('drops', 'dropped')} ${s.dropped}${s.with('on')} by a reverse-path rule of its firewall`,
    ...DROPPED,
  },
  'arp-conflict': {
    headline: (f, s) => counted(f.claimants.length, 'MAC') + claimed(f, s),
    mark: 'nothing more was seen: what was sent next may have gone to the other owner',
    request: 'not answered: it went to the other owner',
    refused: 'refused: it went to the other owner',
    answered: 'what follows it goes to the other owner',
  },
  'wrong-gateway': {
    headline: (_, s) =>
      `${s.node} ${s.tense('routes', 'routed')} ${s.replies} the wrong way out${s.with('by')}`,
    mark: 'lost after here: this is not the way that the request came in',
    beyond: 'lost after here: its way on is not the one that the request came by',
    unanswered: 'the reply to it goes another way than it came, and is lost',
  },
  'forwarding-off': {
    headline: (_, s) =>
      `${s.node} ${s.tense('does', 'did')} not forward ${s.packets}${s.with(`that ${s.tense('come', 'came')} in by`)}: forwarding ${s.tense('is', 'was')} off`,
    mark: DROPPED.mark,
    beyond: DROPPED.beyond,
  },
  'no-route': {
    headline: (_, s) =>
      `${s.node} ${s.tense('has', 'had')} no route for ${s.dropped}${s.with(`that ${s.tense('come', 'came')} in by`)}`,
    ...DROPPED,
  },
  'untranslated-reply': {
    headline: (_, s) =>
      `replies ${s.tense('leave', 'left')} ${s.node}${s.with('by')} with the backend's address in place of ${s.service}`,
    mark: 'goes on untranslated: the client does not know it',
  },
  'stateful-gateway': {
    headline: (_, s) =>
      `replies from ${s.service} ${s.tense('leave', 'left')} ${s.node}${s.with('by')}, round the stateful gateway that carried the requests`,
    mark: 'goes round the gateway, which then drops the rest of the connection',
  },
  filtered: {
    headline: (f, s) =>
      f.known === undefined
        ? `a firewall rule on ${s.node} ${s.tense('drops or rejects', 'dropped or rejected')} ${s.dropped}${s.with(`that ${s.tense('come', 'came')} in by`)}`
        : `a firewall rule on ${s.node} keeps connections to ${s.service} from being made${s.with('on')}: ${f.known}`,
    ...DROPPED,
    refused: 'rejected here',
  },
  refused: {
    headline: (_, s) => `nothing listens on the backend's port on ${s.node}, so ${s.packets} are refused`,
    mark: 'nothing listens here',
  },
  'backend-silent': {
    headline: (f, s) =>
      `the backend on ${s.node} was handed ${s.dropped}${s.with('by')} and ${acknowledged(f, s) ? 'took none of them' : 'did not answer'}`,
    mark: 'handed over here, never answered',
    answered: 'the ACK that follows it is not taken',
  },
  'not-delivered': {
    headline: (f, s) =>
      `${s.packets} ${s.isForetold ? `get to no backend${s.beyond}` : `${s.tense('do', 'did')} not arrive at the next node on their way${lastSeen(f)}`}${f.known === undefined ? '' : `: ${f.known}`}`,
    mark: 'not seen after this',
    refused: 'not seen after this, and answered by an error',
  },
  undetermined: {
    headline: (f, s) =>
      `${acknowledged(f, s) ? `connections to ${s.service} get no further than the handshake` : endText(s)}${lastSeen(f)}${f.known === undefined ? '; these captures cannot tell why' : `; ${f.known}`}`,
    mark: 'not seen after this',
    refused: 'not seen after this, and answered by an error',
    answered: 'what follows it does not arrive, or is ignored',
  },
};

function claimed({ vip, claimants }: Finding, { service }: Subject): string {
  const places = claimants.map(({ node, interface: name, mac }) =>
    node === null ? mac : placeText(node, name),
  );
  const protocol = vip?.includes(':') ? 'NDP' : 'ARP';
  const where = places.length > 0 ? `: ${[...new Set(places)].join(', ')}` : '';
  return ` answer ${protocol} for ${service}${where}`;
}

/** What is certain where no cause is. */
function endText({ outcome, askedOnce, service, packets, tense }: Subject): string {
  switch (outcome) {
    case 'no-reply':
      return `no reply was seen to requests for ${service}`;
    case 'refused':
    case 'unreachable':
      return `requests for ${service} are answered by an error`;
    case 'rejected':
      return `clients answer replies from ${service} with a reset`;
    default:
      if (outcome === 'reply-lost' && askedOnce) return `${packets} get no ACK`;
      return `${packets} ${tense('get', 'got')} lost`;
  }
}

function lastSeen(finding: Finding): string {
  return placed(finding, ', last seen on ');
}

/** The finding's place behind some words; empty where there is none. */
function placed(finding: Finding, words: string): string {
  const { node, interface: name } = finding;
  return node === null && name === null ? '' : `${words}${placeText(nodeText(finding), name)}`;
}

const PACKETS: Readonly<Record<PacketRole, string>> = {
  request: 'requests for',
  reply: 'replies from',
  'client-ack': 'ACKs for',
  'server-ack': 'ACKs from',
};

/** What is broken and where, in one sentence without its full stop. */
export function headline(
  finding: Finding,
  { role, outcome, askedOnce = false, isForetold = false, service }: Lost,
): string {
  const packets = `${role ? PACKETS[role] : 'packets for'} ${service}`;
  const isPast = isLate(finding);
  const text = WORDINGS[finding.cause].headline(finding, {
    packets,
    replies: role === null || role === 'request' ? `${PACKETS.reply} ${service}` : packets,
    dropped: acknowledged(finding, { outcome }) ? `the ACKs of connections to ${service}` : packets,
    service,
    outcome,
    askedOnce,
    isForetold,
    beyond: placed(finding, ', beyond '),
    tense: (present, past) => (isPast ? past : present),
    node: nodeText(finding) ?? 'a node that was not captured',
    with: (preposition) => (finding.interface === null ? '' : ` ${preposition} ${finding.interface}`),
  });
  return isPast ? `at first, ${text}` : text;
}

/** Whether clients had their replies: it was none of them that was lost, nor a request. */
function acknowledged(finding: Finding, { outcome }: Pick<Subject, 'outcome'>): boolean {
  return (outcome === 'established' && !isLate(finding)) || outcome === 'reply-unseen';
}

/** What is said where the path of an attempt ends that the finding explains. */
export function lossMark(finding: Finding, attempt: AnalysisAttempt): string {
  const {
    mark,
    beyond = mark,
    unanswered = mark,
    refused = mark,
    answered = mark,
    request,
  } = WORDINGS[finding.cause];
  const { outcome } = attempt;
  if (outcome === 'refused' || outcome === 'unreachable') return refused;
  if ((outcome === 'established' && !isSlow(attempt)) || outcome === 'reply-unseen') return answered;
  if (outcome === 'no-reply' && unanswered !== mark) return unanswered;
  if (request !== undefined && lostRole(attempt) === 'request') return request;
  return isElsewhere(finding, lastSighting(attempt)) ? beyond : mark;
}

/** Whether what is broken is known not to be where the packet was seen last. */
export function isElsewhere(finding: Finding, last: PathStep | null): boolean {
  const { interface: name } = finding;
  const node = nodeText(finding);
  if (node === null || last === null) return false;
  return node !== nodeText(last) || (name !== null && name !== last.interface);
}
