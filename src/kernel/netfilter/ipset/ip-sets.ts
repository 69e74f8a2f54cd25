import type { IpSet } from '../../../model/snapshot.js';
import type { FilterPacket } from '../packet.js';
import { compileSet } from './compile-set.js';

/** What a rule asks of a set (`-m set --match-set NAME src,dst`). */
export interface SetQuestion {
  /** Which end of the packet each part of an element is compared with. */
  sides: readonly string[];
  /** `--return-nomatch`: asks for what is excepted (`nomatch`) in place of what is in it. */
  returnNomatch: boolean;
}

/** What a set says of a packet; `excepted`: its own entry says that it is not in it. */
export type Membership = 'in' | 'excepted' | 'out' | Unknown;

/** Why that is not known. */
export interface Unknown {
  missing: string;
}

/** A set as it is asked. */
export interface PacketSet {
  /** Null where the type is for both. */
  family: 4 | 6 | null;
  /** Parts of an element: who names fewer sides asks for nothing. */
  dimensions: number;
  /** Whether elements may be excepted (IPSET_TYPE_NOMATCH). */
  excepts: boolean;
  membership(packet: FilterPacket, sides: readonly string[]): Membership;
}

/** The ipsets of a node. Source: net/netfilter/ipset/ and net/netfilter/xt_set.c of the kernel. */
export class IpSets {
  readonly #sets: ReadonlyMap<string, IpSet>;
  readonly #compiled = new Map<string, PacketSet>();

  constructor(sets: readonly IpSet[]) {
    this.#sets = new Map(sets.map((set) => [set.name, set]));
  }

  /** Whether the packet is in the set, as ip_set_test() answers; what is missing where that is not known. */
  test(name: string, packet: FilterPacket, question: SetQuestion): boolean | Unknown {
    const set = this.#sets.get(name);
    if (!set) return { missing: `no set of the name ${name} is listed` };
    if (set.type === 'list:set') return this.#testList(set, packet, question);
    const membership = this.#ask(set, packet, question);
    if (typeof membership === 'object') return membership;
    return membership === (question.returnNomatch ? 'excepted' : 'in');
  }

  /** list_set_ktest(): each of its sets is asked the same. */
  #testList({ elements }: IpSet, packet: FilterPacket, question: SetQuestion): boolean | Unknown {
    const answers = elements.map(({ value }) => this.test(value, packet, question));
    return answers.includes(true) || (answers.find((answer) => answer !== false) ?? false);
  }

  #ask(set: IpSet, packet: FilterPacket, { sides, returnNomatch }: SetQuestion): Membership {
    let compiled = this.#compiled.get(set.name);
    if (!compiled) {
      compiled = compileSet(set);
      this.#compiled.set(set.name, compiled);
    }
    const { family, dimensions, excepts } = compiled;
    const concerns = sides.length >= dimensions && (family === null || family === packet.family);
    const membership = concerns ? compiled.membership(packet, sides) : 'out';
    // Where nothing can be excepted, it is not asked for.
    return returnNomatch && !excepts && membership === 'in' ? 'excepted' : membership;
  }
}
