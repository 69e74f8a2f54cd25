import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis } from '../../src/model/analysis.js';
import { scratch } from '../scratch.js';
import { fixture } from '../support.js';

/** A recorded scenario, unpacked, to be changed in one thing. */
export class EditedScenario {
  readonly #root: string;

  constructor(t: ExecutionContext, scenario: string) {
    this.#root = scratch(t);
    for (const name of readdirSync(fixture(scenario))) {
      if (/\.(tar|tgz|tar\.gz)$/.test(name)) {
        execFileSync('tar', ['-xf', fixture(scenario, name), '-C', this.#root]);
      }
    }
  }

  get nodes(): string[] {
    return readdirSync(this.#root).sort();
  }

  filesOf(node: string): string[] {
    return readdirSync(join(this.#root, node)).sort();
  }

  read(node: string, file: string): Buffer {
    return readFileSync(join(this.#root, node, file));
  }

  edit(node: string, file: string, change: (text: string) => string): this {
    return this.editBytes(node, file, (bytes) => Buffer.from(change(bytes.toString())));
  }

  editBytes(node: string, file: string, change: (bytes: Buffer) => Buffer): this {
    const path = join(this.#root, node, file);
    const before = readFileSync(path);
    const after = change(before);
    if (before.equals(after)) throw new Error(`${node}/${file}: the edit changes nothing`);
    writeFileSync(path, after);
    return this;
  }

  write(node: string, file: string, text: string | Buffer): this {
    const path = join(this.#root, node, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return this;
  }

  without(node: string, ...files: string[]): this {
    for (const file of files) rmSync(join(this.#root, node, file), { recursive: true });
    return this;
  }

  /** Leaves captures and `node.json` alone. */
  withoutSnapshot(node: string): this {
    const files = readdirSync(join(this.#root, node)).filter((name) => !/pcap|^node\.json$/.test(name));
    for (const file of files) rmSync(join(this.#root, node, file), { recursive: true });
    return this;
  }

  /** Adds a node of another scenario. */
  adopt(t: ExecutionContext, scenario: string, node: string): this {
    const other = new EditedScenario(t, scenario);
    cpSync(join(other.#root, node), join(this.#root, node), { recursive: true });
    return this;
  }

  /** Adds another scenario's capture of a node of the same name, changed, as one more file of the bundle. */
  joinEdited(
    t: ExecutionContext,
    scenario: string,
    node: string,
    file: string,
    as: string,
    change: (bytes: Buffer) => Buffer,
  ): this {
    return this.join(t, scenario, node, file, as).editBytes(node, as, change);
  }

  /** Adds another scenario's capture of a node of the same name, as one more file of the bundle. */
  join(t: ExecutionContext, scenario: string, node: string, file: string, as: string): this {
    const other = new EditedScenario(t, scenario);
    copyFileSync(join(other.#root, node, file), join(this.#root, node, as));
    return this;
  }

  analyze(nodes = this.nodes, vips: readonly string[] = []): Promise<Analysis> {
    const inputs = nodes.map((node) => join(this.#root, node));
    return analyze(inputs, { vips, keepGoing: false, attempts: 'all', warn: () => {} });
  }

  /** Cause, confidence, severity and place of each finding. */
  async findings(nodes = this.nodes): Promise<string[]> {
    const { findings } = await this.analyze(nodes);
    return findings.map((f) => [f.cause, f.confidence, f.severity, f.node, f.interface].join(' '));
  }
}
