import type { Attempt } from '../../correlate/attempt.js';
import { TextNumbers } from '../../correlate/likeness.js';
import { kubeObjects } from '../../ingest/kube/objects.js';
import { servicesOf } from '../../ingest/kube/services.js';
import type { Endpoint, Finding } from '../../model/analysis.js';
import type { DiagnosisContext } from '../context.js';
import { isSlow } from '../loss.js';
import { isStuck } from '../ways/handshake.js';
import type { Case } from './case.js';

/** Findings of one cause and place are one fault, that some connections get over and others do not. */
export function faultKey({ cause, node, netns, interface: name, vip }: Finding): string {
  return [cause, node, netns, name, vip].join('\n');
}

/** Attempts by their places: those that were made, and at once; and all others. */
export interface Cases {
  made: number[];
  bad: number[];
}

/** What every fault's patterns need of each attempt, by its place: in arrays of numbers, as of a flood there are very many. */
export class Facts {
  readonly attempts: readonly Attempt[];
  readonly #endings: Uint8Array;
  /** The fault that it met; 0 where it met none. */
  readonly #faults: Int32Array;
  /** What it asked for: the number of an address, port and protocol. */
  readonly #asked: Int32Array;
  /** By that number: one for all addresses of a Service. */
  readonly #vips: readonly number[];
  readonly #faultNumbers = new TextNumbers();

  constructor(
    findings: readonly Finding[],
    explained: readonly (Finding | undefined)[],
    context: DiagnosisContext,
  ) {
    const { attempts } = context;
    this.attempts = attempts;
    this.#endings = new Uint8Array(attempts.length);
    this.#faults = new Int32Array(attempts.length);
    this.#asked = new Int32Array(attempts.length);
    const met = new Map(findings.map((finding) => [finding, this.#faultNumbers.of(faultKey(finding)) + 1]));
    const kin = vipsOfOneService(context);
    const vips = new TextNumbers();
    const vipsOfAsked: number[] = [];
    const numbers = new AskedNumbers(({ address }) => vipsOfAsked.push(vips.of(kin.get(address) ?? address)));
    let last: Finding | undefined;
    let number = 0;
    for (let i = 0; i < attempts.length; i++) {
      const attempt = attempts[i]!;
      this.#endings[i] = endingOf(attempt);
      this.#asked[i] = numbers.of(attempt);
      const finding = explained[i];
      // Most met the same as the one before.
      if (finding !== last) {
        last = finding;
        number = (finding && met.get(finding)) ?? 0;
      }
      this.#faults[i] = number;
    }
    this.#vips = vipsOfAsked;
  }

  fateOf(i: number): Case['fate'] {
    return FATES[this.#endings[i]!]!;
  }

  /** The attempts that met a fault. */
  ofFault(fault: string): number[] {
    const wanted = this.#faultNumbers.of(fault) + 1;
    const faults = this.#faults;
    const own: number[] = [];
    for (let i = 0; i < faults.length; i++) if (faults[i] === wanted) own.push(i);
    return own;
  }

  /** Of the same VIPs all attempts that say something about a fault; one that failed for another does not. */
  about(fault: string, own: readonly number[]): Cases {
    const wanted = this.#faultNumbers.of(fault) + 1;
    const [endings, faults, asked] = [this.#endings, this.#faults, this.#asked];
    const ofVip = this.#ofSameVips(own);
    const cases: Cases = { made: [], bad: [] };
    for (let i = 0; i < faults.length; i++) {
      if (ofVip[asked[i]!] !== 1) continue;
      const met = faults[i]!;
      if (endings[i] === MADE) cases.made.push(i);
      else if (met === wanted || (endings[i] === SLOW && met === 0)) cases.bad.push(i);
    }
    return cases;
  }

  /** Those that asked for what some others did, by port and protocol too. */
  askingAs(own: readonly number[], others: readonly number[]): Set<number> {
    const isAsked = new Uint8Array(this.#vips.length);
    for (const i of own) isAsked[this.#asked[i]!] = 1;
    return new Set(others.filter((i) => isAsked[this.#asked[i]!] === 1));
  }

  /** 1 for each number of what is asked of the VIPs that some attempts asked for. */
  #ofSameVips(own: readonly number[]): Uint8Array {
    const vips = new Set<number>();
    for (const i of own) vips.add(this.#vips[this.#asked[i]!]!);
    return Uint8Array.from(this.#vips, (vip) => Number(vips.has(vip)));
  }
}

/** Numbers for what is asked for, from 0 in the order in which it comes. */
class AskedNumbers {
  readonly #texts = new TextNumbers();
  /** Most attempts have their server's end with others in common. */
  readonly #ofTcp = new Map<Endpoint, number>();
  readonly #onNew: (server: Endpoint) => void;

  /** @param onNew told of each that comes for the first time */
  constructor(onNew: (server: Endpoint) => void) {
    this.#onNew = onNew;
  }

  of({ protocol, server }: Attempt): number {
    const known = protocol === 'tcp' ? this.#ofTcp.get(server) : undefined;
    if (known !== undefined) return known;
    const before = this.#texts.count;
    const number = this.#texts.of(`${protocol} ${server.port} ${server.address}`);
    if (this.#texts.count > before) this.#onNew(server);
    if (protocol === 'tcp') this.#ofTcp.set(server, number);
    return number;
  }
}

const FATES: readonly Case['fate'][] = ['made', 'failed', 'slow'];
const [MADE, FAILED, SLOW] = [0, 1, 2];

function endingOf(attempt: Attempt): number {
  if (attempt.outcome !== 'established' && attempt.outcome !== 'reply-unseen') return FAILED;
  if (isStuck(attempt)) return FAILED;
  return isSlow(attempt) ? SLOW : MADE;
}

/** The VIPs of Services that have one of each IP version, by address: they stand for one another. */
function vipsOfOneService({ network }: DiagnosisContext): Map<string, string> {
  const objects = network.stations.flatMap(({ snapshot }) => kubeObjects(snapshot.kube));
  return new Map(
    servicesOf(objects)
      .filter(({ vips }) => vips.length > 1)
      .flatMap(({ vips }) => vips.map((vip): [string, string] => [vip, vips[0]!])),
  );
}
