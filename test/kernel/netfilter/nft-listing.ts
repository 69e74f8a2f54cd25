import { readFileSync } from 'node:fs';
import { compileNft } from '../../../src/kernel/netfilter/nft/nft.js';
import type { FilterPacket } from '../../../src/kernel/netfilter/packet.js';
import type { BaseChain, FilterNode, Step, StepResult } from '../../../src/kernel/netfilter/rule-set.js';
import { toAddress } from '../../../src/kernel/prefix.js';
import { Ground } from '../../lab/ground.js';
import { fixture } from '../../support.js';

/** The recorded listing of one of fixtures/netfilter. */
export function recordedListing(name: string): unknown {
  return JSON.parse(readFileSync(fixture('netfilter', `${name}.json`), 'utf8'));
}

export function ruleText(name: string): string {
  return readFileSync(fixture('netfilter', `${name}.nft`), 'utf8');
}

/** What nft prints of rules that the running kernel has taken. */
export async function liveListing(rules: string): Promise<{ json: unknown; text: string }> {
  const ground = new Ground();
  try {
    await ground.add('r');
    await ground.run('r', ['nft', '-f', '-'], { input: rules });
    const json = JSON.parse(await ground.run('r', ['nft', '-j', 'list', 'ruleset']));
    return { json, text: await ground.run('r', ['nft', 'list', 'ruleset']) };
  } finally {
    await ground.teardown();
  }
}

/**
 * Puts the rules in place of what was there.
 *
 * @returns the lines that nft refuses, and that are left out
 */
export async function loadTaken(ground: Ground, namespace: string, rules: string): Promise<string[]> {
  const refused: string[] = [];
  const lines = rules.split('\n');
  for (let tries = 0; tries < 40; tries++) {
    try {
      const input = `flush ruleset\n${lines.join('\n')}\n`;
      await ground.run(namespace, ['nft', '-f', '-'], { input });
      return refused;
    } catch (error) {
      const at = /stdin:(\d+):/.exec(String(error));
      // The first line is the flush.
      if (!at || Number(at[1]) < 2) throw error;
      refused.push(lines[Number(at[1]) - 2]!);
      lines[Number(at[1]) - 2] = '';
    }
  }
  throw new Error(`nft takes hardly a line of:\n${rules}`);
}

/** A listing with one table `ip t` (or of another family) and the chain `c` with one rule. */
export function listingOf(expr: unknown, more: unknown[] = [], family = 'ip'): unknown {
  const place = { family, table: 't' };
  return {
    nftables: [
      { metainfo: { json_schema_version: 1 } },
      { table: { family, name: 't', handle: 1 } },
      { chain: { ...place, name: 'c', type: 'filter', hook: 'input', prio: 0, policy: 'accept' } },
      { chain: { ...place, name: 'other' } },
      ...more,
      { rule: { ...place, chain: 'c', handle: 12, expr } },
      { rule: { ...place, chain: 'other', handle: 13, expr: [{ drop: null }] } },
    ],
  };
}

export function packet(change: Partial<FilterPacket> = {}): FilterPacket {
  return {
    family: 4,
    source: toAddress('10.0.0.5'),
    destination: toAddress('10.0.0.1'),
    protocol: 'tcp',
    sourcePort: 40000,
    destinationPort: 80,
    tcp: 'syn',
    icmp: null,
    mark: 0,
    tos: 0,
    ttl: 64,
    length: null,
    iif: 'eth0',
    oif: null,
    macSource: null,
    uid: null,
    connection: null,
    direction: 'original',
    untracked: false,
    ...change,
  };
}

export interface Run {
  /** Of the first step that is no `true`; `true` where all are. */
  result: StepResult;
  doubts: string[];
}

/** Runs the first rule of the chain `c`. */
export function runRule(listing: unknown, on: FilterPacket, node: Partial<FilterNode> = {}): Run {
  return runSteps(compileNft(listing).baseChains[0]!.chain.rules[0]!.steps, on, node);
}

export function runSteps(steps: readonly Step[], on: FilterPacket, node: Partial<FilterNode> = {}): Run {
  const doubts: string[] = [];
  const asked: FilterNode = {
    lookup: () => ({ error: 'no-route', route: null, rule: null, table: null, prefixLength: -1, hops: [] }),
    addressType: () => 'unicast',
    link: () => null,
    ipset: () => false,
    missedSet: () => {},
    doubt: (text) => doubts.push(text),
    ...node,
  };
  for (const step of steps) {
    const result = step(on, asked);
    if (result !== true) return { result, doubts };
  }
  return { result: true, doubts };
}

export function chainNames(chains: readonly BaseChain[]): string[] {
  return chains.map(({ hook, type, priority, policy, chain }) =>
    [hook, type, priority, policy, chain.name].join(' '),
  );
}
