import type {
  BaseChain,
  Branch,
  Chain,
  FilterNode,
  FilterVerdict,
  Rule,
  RuleSource,
  Step,
  StepResult,
} from './rule-set.js';
import { addStep, PARTINGS_LIMIT, partWay, type Way } from './way.js';

/** The kernel's own bound is the number of chains; a rule set that it took has no circle. */
const JUMP_LIMIT = 100_000;
const DEPTH_LIMIT = 512;

/** A verdict that translates, with the rule that gave it. */
export type NatVerdict = Extract<
  FilterVerdict,
  { kind: 'dnat' | 'snat' } | { kind: 'masquerade' | 'redirect' }
>;

export type ChainEnd =
  | { kind: 'accept' }
  | {
      kind: 'drop';
      chain: string;
      rule: RuleSource | null;
      /** What a reject answers with. */
      answer: string | null;
      check: boolean;
    }
  | { kind: 'queue' | 'stolen'; rule: RuleSource }
  | { kind: 'nat'; verdict: NatVerdict; rule: RuleSource };

export interface ChainOutcome {
  way: Way;
  end: ChainEnd;
}

/** Where in a chain a walk is. */
interface Frame {
  chain: Chain;
  rule: number;
  step: number;
  /** That a rule of the chain asked for the way back to the source, and there was none. */
  failedCheck: boolean;
}

interface Walk {
  way: Way;
  frames: Frame[];
  jumps: number;
  /** What chance made of the step that the walk is at; null where the step is still to be asked. */
  decided: boolean | FilterVerdict | null;
}

/** Takes a packet through a base chain and the chains that it jumps to. The way given is used up. */
export function walkChain(base: BaseChain, start: Way): ChainOutcome[] {
  const outcomes: ChainOutcome[] = [];
  const pending: Walk[] = [{ way: start, frames: [frameOf(base.chain)], jumps: 0, decided: null }];
  for (let walk = pending.pop(); walk; walk = pending.pop()) {
    const end = run(base, walk, pending);
    outcomes.push({ way: walk.way, end });
  }
  return outcomes;
}

function frameOf(chain: Chain): Frame {
  return { chain, rule: 0, step: 0, failedCheck: false };
}

/** Runs to an end; other ways that part from it are put on `pending`. */
function run(base: BaseChain, walk: Walk, pending: Walk[]): ChainEnd {
  const { way, frames } = walk;
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    const rule = frame.chain.rules[frame.rule];
    const step = rule?.steps[frame.step];
    if (!rule) frames.pop();
    else if (!step) nextRule(frame);
    else {
      const result = walk.decided ?? ask(base, walk, frame, rule, step, pending);
      walk.decided = null;
      const end = advance(base, walk, frame, rule, result);
      if (end) return end;
    }
  }
  return policyEnd(base, way);
}

function nextRule(frame: Frame): void {
  frame.rule++;
  frame.step = 0;
}

/** Notes that what is doubtful could have dropped the packet, and nothing else. */
function noting({ node, packet, doubtfulDrops }: Way, { steps }: Rule): FilterNode {
  const doubt = (text: string) => {
    // Behind its matches a rule that only drops has its verdict, which changes nothing.
    const end = steps.at(-1)!(packet, node);
    const rejects = typeof end === 'object' && !isBranches(end) && end.kind === 'reject';
    doubtfulDrops.set(text, rejects ? end.answer : null);
    node.doubt(text);
  };
  return { ...node, doubt };
}

/** Asks a step, and tells what it changed. */
function ask(
  base: BaseChain,
  walk: Walk,
  frame: Frame,
  rule: Rule,
  step: Step,
  pending: Walk[],
): boolean | FilterVerdict {
  const { way } = walk;
  const { packet } = way;
  const { mark, tos } = packet;
  const connectionMark = packet.connection?.mark;
  const { source } = rule;
  const result = step(packet, rule.onlyDrops ? noting(way, rule) : way.node);
  // A rule that does not match has changed nothing, and most do not.
  if (result !== false) {
    const tell = (text: string) => addStep(way, { at: base.hook, text, source });
    if (packet.mark !== mark) tell(`mark becomes ${hex(packet.mark)}`);
    if (packet.tos !== tos) tell(`TOS becomes ${hex(packet.tos)}`);
    if (packet.connection && packet.connection.mark !== connectionMark) {
      tell(`the connection's mark becomes ${hex(packet.connection.mark)}`);
    }
  }
  if (packet.failedCheck) {
    frame.failedCheck = true;
    packet.failedCheck = false;
  }
  return isBranches(result) ? part(walk, result, pending) : result;
}

function isBranches(result: StepResult): result is readonly Branch[] {
  return Array.isArray(result);
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Takes the first branch, and puts the others on `pending`. */
function part(walk: Walk, branches: readonly Branch[], pending: Walk[]): boolean | FilterVerdict {
  const { way } = walk;
  const open = branches.filter((branch) => branch.chance > 0);
  const [first, ...others] = open;
  if (!first) return false;
  if (way.partings.count + others.length > PARTINGS_LIMIT) {
    way.node.doubt(`chance parts the ways more than ${PARTINGS_LIMIT} times: beyond, the likeliest is taken`);
    return take(
      way,
      open.reduce((best, branch) => (branch.chance > best.chance ? branch : best)),
    );
  }
  for (const branch of others) {
    const other = partWay(way, branch.chance);
    const frames = walk.frames.map((frame) => ({ ...frame }));
    pending.push({ way: other, frames, jumps: walk.jumps, decided: take(other, branch) });
  }
  way.chance *= first.chance;
  return take(way, first);
}

function take(way: Way, branch: Branch): boolean | FilterVerdict {
  if (branch.text !== '') way.picks.push(branch.text);
  return branch.result;
}

/** Applies what a step said. @returns the base chain's end, null while it goes on */
function advance(
  base: BaseChain,
  walk: Walk,
  frame: Frame,
  rule: Rule,
  result: boolean | FilterVerdict,
): ChainEnd | null {
  const { way, frames } = walk;
  if (result === true) frame.step++;
  else if (result === false) nextRule(frame);
  else {
    const { source } = rule;
    const check = frames.some((f) => f.failedCheck);
    switch (result.kind) {
      case 'accept':
        if (base.policy === 'drop') addStep(way, { at: base.hook, text: 'accepted', source });
        return { kind: 'accept' };
      case 'return':
        frames.pop();
        return null;
      case 'drop':
        addStep(way, { at: base.hook, text: 'dropped', source });
        return dropEnd(frame, source, null, check || result.check === true);
      case 'reject':
        addStep(way, { at: base.hook, text: `rejected with ${result.answer}`, source });
        return dropEnd(frame, source, result.answer, check || result.check === true);
      case 'jump':
      case 'goto':
        return jump(base, walk, frame, result, source);
      case 'notrack':
        // What is tracked already stays so (notrack_tg).
        if (!way.packet.connection && !way.packet.untracked) {
          way.packet.untracked = true;
          addStep(way, { at: base.hook, text: 'is not tracked', source });
        }
        nextRule(frame);
        return null;
      case 'queue':
      case 'stolen':
        addStep(way, { at: base.hook, text: 'handed to another program', source });
        return { kind: result.kind, rule: source };
      default:
        return { kind: 'nat', verdict: result as NatVerdict, rule: source };
    }
  }
  return null;
}

function dropEnd(frame: Frame, rule: RuleSource, answer: string | null, check: boolean): ChainEnd {
  return { kind: 'drop', chain: frame.chain.name, rule, answer, check };
}

function jump(
  base: BaseChain,
  walk: Walk,
  frame: Frame,
  verdict: FilterVerdict & { kind: 'jump' | 'goto' },
  source: RuleSource,
): ChainEnd | null {
  const { way, frames } = walk;
  if (++walk.jumps > JUMP_LIMIT || frames.length > DEPTH_LIMIT) {
    way.node.doubt(
      `${place(source)}: the chains jump in a circle: the policy of ${base.chain.name} is taken`,
    );
    return policyEnd(base, way);
  }
  nextRule(frame);
  if (verdict.kind === 'goto') frames.pop();
  const entered = frameOf(verdict.chain);
  entered.failedCheck = verdict.kind === 'goto' && frame.failedCheck;
  frames.push(entered);
  return null;
}

function policyEnd(base: BaseChain, way: Way): ChainEnd {
  if (base.policy === 'accept') return { kind: 'accept' };
  addStep(way, { at: base.hook, text: `dropped by the policy of ${base.chain.name}`, source: null });
  return { kind: 'drop', chain: base.chain.name, rule: null, answer: null, check: false };
}

/** `iptables-save.txt line 12`, or `nft.json`. */
function place(source: RuleSource): string {
  return source.line === null ? `${source.file}: ${source.text}` : `${source.file} line ${source.line}`;
}
