/** A recorded scenario, unpacked, to be changed in what its nodes say of themselves. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';

export const NSTAT = ['nstat-before.json', 'nstat-after.json'];
export const RULES = ['iptables-save.txt', 'ip6tables-save.txt', 'nft.json'];

export class Altered {
  readonly #root: string;

  constructor(t: ExecutionContext, scenario: string) {
    this.#root = scratch(t);
    for (const name of readdirSync(fixture(scenario))) {
      if (/\.(tar|tar\.gz|tgz)$/.test(name)) {
        execFileSync('tar', ['-xf', fixture(scenario, name), '-C', this.#root]);
      }
    }
  }

  get nodes(): string[] {
    return readdirSync(this.#root).sort();
  }

  edit(node: string, name: string, change: (text: string) => string): this {
    const path = join(this.#root, node, name);
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    return this;
  }

  write(node: string, name: string, text: string): this {
    const path = join(this.#root, node, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return this;
  }

  /** Of all nodes. */
  without(...names: string[]): this {
    for (const node of this.nodes) {
      for (const name of names) rmSync(join(this.#root, node, name), { force: true });
    }
    return this;
  }

  /** As if nothing had been counted meanwhile. */
  uncounted(node: string): this {
    const before = join(this.#root, node, 'nstat-before.json');
    return this.edit(node, 'nstat-after.json', () => readFileSync(before, 'utf8'));
  }

  /** The node's captures are gone; what it says of itself stays. */
  uncaptured(node: string): this {
    const captures = readdirSync(join(this.#root, node)).filter((name) => /\.pcap(ng)?(\.|$)/.test(name));
    for (const name of captures) rmSync(join(this.#root, node, name));
    return this;
  }

  only(node: string): this {
    for (const other of this.nodes) {
      if (other !== node) rmSync(join(this.#root, other), { recursive: true });
    }
    return this;
  }

  has(node: string, name: string): boolean {
    return existsSync(join(this.#root, node, name));
  }

  analyze(): Promise<Analysis> {
    const inputs = this.nodes.map((node) => join(this.#root, node));
    return analyze(inputs, { vips: [], keepGoing: false, attempts: 'all', warn: () => {} });
  }

  /** Cause, confidence, node and interface of each finding. */
  async findings(): Promise<string[]> {
    const { findings } = await this.analyze();
    return findings.map((f) => `${f.cause} ${f.confidence} ${f.node} ${f.interface}`);
  }
}
