import test from 'ava';
import { compileNft } from '../../../src/kernel/netfilter/nft/nft.js';
import { testInNamespaces } from '../../gates.js';
import { liveListing, recordedListing, ruleText } from './nft-listing.js';

interface Listing {
  nftables: { rule?: { chain: string } }[];
}

/** The rules of one chain of a listing, each as the compiled rule says itself. */
function said(listing: unknown, chain: string): string[] {
  const { nftables } = listing as Listing;
  // A base chain's name, so that its rules are compiled.
  const based = nftables.filter(({ rule }) => !rule || rule.chain === chain);
  const head = { family: 'inet', table: 't', name: chain, type: 'filter', hook: 'input', prio: 0 };
  const { baseChains } = compileNft({ nftables: [...based, { chain: head }] });
  const found = baseChains.find((base) => base.chain.name === `nft inet t ${chain}`)!;
  return found.chain.rules.map(({ source }) => source.text.replace(/ \(handle \d+\)$/, ''));
}

/** The lines of rules between a chain's braces. */
function written(text: string, chain: string): string[] {
  const body = new RegExp(`chain ${chain} \\{\\n(.*?)\\n\\t\\}`, 's').exec(text)![1]!;
  return body
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => !line.startsWith('type '));
}

/** Numbers of counters aside, and all numbers decimal, for nft writes some at full width. */
function plain(lines: readonly string[]): string[] {
  return lines.map((line) =>
    line
      .replaceAll(/ packets \d+ bytes \d+/g, '')
      .replaceAll(/0x[0-9a-f]+/g, (number) => String(Number(number))),
  );
}

for (const chain of ['c', 'd', 's']) {
  test(`rules are written as nft writes them: chain ${chain}`, (t) => {
    const listing = recordedListing('statements');
    t.deepEqual(plain(said(listing, chain)), plain(written(ruleText('statements'), chain)));
  });
}

testInNamespaces('nft')('rules are written as the nft of this machine writes them', async (t) => {
  const { json, text } = await liveListing(ruleText('statements'));
  for (const chain of ['c', 'd', 's']) t.deepEqual(plain(said(json, chain)), plain(written(text, chain)));
});

test('an object where a word belongs is written as JSON', (t) => {
  const chain = { family: 'inet', table: 't', name: 'c', type: 'filter', hook: 'input', prio: 0 };
  const odd = { vmap: { key: { payload: { protocol: { toString: 1 }, field: 'dport' } }, data: '@m' } };
  const rule = { family: 'inet', table: 't', chain: 'c', handle: 4, expr: [odd, { drop: null }] };
  const { baseChains } = compileNft({ nftables: [{ chain }, { rule }] });
  t.is(baseChains[0]!.chain.rules[0]!.source.text, `${JSON.stringify(odd)} drop (handle 4)`);
});
