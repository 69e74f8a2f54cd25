/** What the two ends of a generated connection send each other, and what of it is captured. */

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const PSH = 8;
export const ACK = 16;

/** One packet of a connection. */
export interface Step {
  fromClient: boolean;
  flags: number;
  payload: number;
  /** Comes a while after the one before it. */
  waits: boolean;
  /** Was sent before the other end's last packet came. */
  crosses: boolean;
  isSeen: boolean;
}

export type Script = readonly Step[];

interface Opening {
  /** `>` the client's, `<` the server's, then flags; `~` before it: waits. */
  steps: string;
  /** Nothing comes after it. */
  isOver?: true;
  /** What is not captured. */
  hides?: 'handshake' | 'client' | 'server';
}

const OPENINGS = {
  plain: { steps: '>S <SA >A' },
  unanswered: { steps: '>S', isOver: true },
  refused: { steps: '>S <RA', isOver: true },
  /** Several SYNs, of which no one takes notice. */
  'unanswered thrice': { steps: '>S ~>S ~>S', isOver: true },
  /** The first SYN, or its answer, was lost before the capture. */
  'SYN again': { steps: '>S ~>S <SA >A' },
  /** The first SYN-ACK was lost behind it. */
  'SYN-ACK again': { steps: '>S <SA ~<SA >A' },
  'both again': { steps: '>S <SA ~>S <SA >A' },
  'reply lost': { steps: '>S <SA ~>S <SA ~<SA', isOver: true },
  unacknowledged: { steps: '>S <SA', isOver: true },
  rejected: { steps: '>S <SA >R', isOver: true },
  /** Began before the capture. */
  midstream: { steps: '>S <SA >A', hides: 'handshake' },
  'only the way in': { steps: '>S <SA >A', hides: 'server' },
  'only the way out': { steps: '>S <SA >A', hides: 'client' },
} as const satisfies Record<string, Opening>;

export type Beginning = keyof typeof OPENINGS;

/** Those that only a port's first connection may have. */
export const FIRST_BEGINNINGS: ReadonlySet<Beginning> = new Set(['midstream'] as const);

const CLOSINGS = {
  fin: '>FA <FA',
  /** With the ACK of the second FIN, as every host sends it. */
  'last ACK': '>FA <FA >A',
  'server first': '<FA >FA <A',
  'half closed': '>FA <A <PA >A ~<FA >A',
  /** A FIN whose ACK was lost comes again when both ends are closed. */
  'late FIN': '>FA <FA >A ~<FA >A',
  'late ACK': '>FA <FA ~>A',
  'simultaneous close': '>FA !<FA >A <A',
  'client resets': '>RA',
  'server resets': '<RA',
  'data after RST': '>RA ~<PA >R',
  'RST after close': '>FA <FA >A ~<FA >R',
  /** Is not closed as long as the capture lasts. */
  open: '',
} as const satisfies Record<string, string>;

export type Ending = keyof typeof CLOSINGS;

export const BEGINNINGS = Object.keys(OPENINGS) as Beginning[];
export const ENDINGS = Object.keys(CLOSINGS) as Ending[];

/** Whether the connection is captured without its handshake. */
export function isCutOff(script: Script): boolean {
  return !script.some((step) => step.isSeen && (step.flags & SYN) !== 0);
}

/** The scripts of one load, each made once. */
export class Scripts {
  readonly #made = new Map<string, Script>();
  readonly #data: Step[];

  constructor(segments: number, payload: number) {
    this.#data = Array.from({ length: segments }, (_, i) => ({
      fromClient: i % 2 === 1,
      flags: PSH | ACK,
      payload,
      waits: false,
      crosses: false,
      isSeen: true,
    }));
  }

  script(beginning: Beginning, ending: Ending): Script {
    const name = `${beginning}/${ending}`;
    let script = this.#made.get(name);
    if (!script) {
      script = this.#make(OPENINGS[beginning], CLOSINGS[ending]);
      this.#made.set(name, script);
    }
    return script;
  }

  #make({ steps, isOver, hides }: Opening, closing: string): Script {
    const opening = parse(steps);
    const all = isOver ? opening : [...opening, ...this.#data, ...parse(closing)];
    return all.map((step, i) => {
      const isHidden =
        hides === 'handshake' ? i < opening.length : hides && step.fromClient === (hides === 'client');
      return { ...step, isSeen: !isHidden };
    });
  }
}

const FLAGS: Readonly<Record<string, number>> = { S: SYN, A: ACK, F: FIN, R: RST, P: PSH };

/** A segment after the end that carries data has little of it. */
const LATE_PAYLOAD = 7;

function parse(steps: string): Step[] {
  return steps
    .split(' ')
    .filter((text) => text !== '')
    .map((text) => {
      const flags = [...text].reduce((all, letter) => all | (FLAGS[letter] ?? 0), 0);
      return {
        fromClient: text.includes('>'),
        flags,
        payload: (flags & PSH) !== 0 ? LATE_PAYLOAD : 0,
        waits: text.startsWith('~'),
        crosses: text.startsWith('!'),
        isSeen: true,
      };
    });
}
