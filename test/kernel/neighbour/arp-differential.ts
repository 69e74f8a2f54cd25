import { arpReply } from '../../../src/kernel/neighbour/arp-reply.js';
import { prepare } from '../../../src/kernel/state.js';
import type { Snapshot } from '../../../src/model/snapshot.js';
import { ECHOES, SENDERS, TARGETS } from './arp-ground.js';
import { arpRequest, readArpReply } from './frames.js';
import type { Question, Segment, Settings } from './segment.js';

export interface Comparison {
  asked: number;
  answered: number;
  /** Left out, as the answer says itself that it rests on an assumption. */
  unsure: number;
  by: Map<string, number>;
  mismatches: string[];
}

export function emptyComparison(): Comparison {
  return { asked: 0, answered: 0, unsure: 0, by: new Map(), mismatches: [] };
}

/** Many settings keep echoes from being answered; what a short wait has missed is worth a longer one. */
const PATIENCE_MS = [150, 500, 2000, 5000];

interface Request {
  device: string;
  sender: string;
  target: string;
}

/** Every sender by every device for every target, and each target's own gratuitous ARP. */
export const REQUESTS: readonly Request[] = [...ECHOES.keys()].flatMap((device) =>
  TARGETS.flatMap((target) =>
    [...new Set([...SENDERS, target])].map((sender) => ({ device, sender, target })),
  ),
);

/** A copy with other sysctls, in the file's own terms. */
export function withSettings(snapshot: Snapshot, settings: Settings): Snapshot {
  return {
    ...snapshot,
    sysctl: new Map([...snapshot.sysctl!, ...settings.map(([key, value]) => [key, `${value}`] as const)]),
  };
}

/** Puts the settings into the node's kernel, asks it each of the requests, and compares its answers with the model's. */
export async function compareArp(
  segment: Segment,
  snapshot: Snapshot,
  settings: Settings,
  requests: readonly Request[],
  into: Comparison,
): Promise<void> {
  await segment.set(settings);
  const state = prepare(withSettings(snapshot, settings));
  let open = requests.map((request) => ({ request, expected: expectation(state, request) }));
  into.asked += open.length;
  into.unsure += open.filter(({ expected }) => expected.unsure).length;
  open = open.filter(({ expected }) => !expected.unsure);
  for (const { expected } of open) {
    into.by.set(expected.by, (into.by.get(expected.by) ?? 0) + 1);
    if (expected.macs.length > 0) into.answered++;
  }
  // A frame may be lost to a full queue on a busy machine, or come late: what differs is asked again, by itself.
  for (const patienceMs of PATIENCE_MS) {
    if (open.length === 0) break;
    const answers = await askAll(
      segment,
      open.map(({ request }) => request),
      patienceMs,
    );
    open = open.filter(({ request, expected }) => {
      const real = answers.get(keyOf(request)) ?? [];
      return real.join() !== expected.macs.join();
    });
  }
  for (const { request, expected } of open) {
    into.mismatches.push(
      `${request.sender} asks ${request.device} for ${request.target}: expected ${expected.macs.join() || 'nothing'} (${expected.why}) under ${settings
        .filter(([, value]) => value !== 0)
        .map((s) => s.join('='))
        .join(' ')}`,
    );
  }
}

function expectation(state: ReturnType<typeof prepare>, { device, sender, target }: Request) {
  const answer = arpReply(state, { interface: device, sender, target });
  return {
    macs: answer.answers ? [answer.mac] : [],
    by: answer.by ?? 'none',
    why: answer.why,
    unsure: answer.unknown.length > 0,
  };
}

async function askAll(
  segment: Segment,
  requests: readonly Request[],
  patienceMs: number,
): Promise<Map<string, string[]>> {
  const questions = requests.map(({ device, sender, target }): Question => {
    return { device, frame: arpRequest(segment.macOf(device), sender, target) };
  });
  const answers = new Map<string, string[]>();
  for (const { device, frame } of await segment.ask(questions, patienceMs)) {
    const told = readArpReply(frame);
    if (!told) continue;
    const key = keyOf({ device, sender: told.to, target: told.target });
    answers.set(key, [...(answers.get(key) ?? []), told.mac]);
  }
  return answers;
}

const keyOf = ({ device, sender, target }: Request) => `${device} ${sender} ${target}`;
