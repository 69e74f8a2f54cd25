import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { analyze } from '../../../src/analyze.js';
import { filesNamedIn } from '../../../src/diagnose/recording.js';
import { gapsWithGivenNames } from '../../../src/given-names.js';
import { predict } from '../../../src/predict.js';
import { bundlesIn, readTruth } from '../../scenarios/truth.js';
import { scratch } from '../../scratch.js';
import { fixture } from '../../support.js';
import { unpack, write } from './dumps.js';

const SCENARIO = 'filtered-forward';
const RULES = ['iptables-save.txt', 'ip6tables-save.txt', 'nft.json'];

/** The scenario's nodes, whose second one drops, with what `change` makes of that one. */
function nodes(t: ExecutionContext, change: (directory: string) => void): string[] {
  const directories = bundlesIn(fixture(SCENARIO)).map((archive, i) =>
    unpack(archive, join(scratch(t), String(i))),
  );
  change(directories.find((directory) => basename(directory) === 'worker-b')!);
  return directories;
}

async function run(inputs: string[]) {
  const { vip } = readTruth(fixture(SCENARIO));
  return analyze(inputs, { vips: [vip], keepGoing: false, attempts: 'none', warn: () => {} });
}

async function ruleEvidence(inputs: string[]) {
  const { findings } = await run(inputs);
  return findings[0]!.evidence.find(({ kind }) => kind === 'rule')!;
}

function withoutRules(directory: string): void {
  for (const name of RULES) rmSync(join(directory, name));
}

const NFT = `table ip f {
	chain c { # handle 1
		type filter hook forward priority filter; policy accept;
		ip daddr 10.42.203.77 tcp dport 8443 counter packets 3 bytes 180 drop # handle 2
	}
}
`;

test("a rule of nft's text is named with the file that it stands in", async (t) => {
  const inputs = nodes(t, (directory) => {
    withoutRules(directory);
    writeFileSync(join(directory, 'nft.txt'), NFT);
  });
  t.is((await ruleEvidence(inputs)).file, 'nft.txt');
  const both = nodes(t, (directory) => {
    withoutRules(directory);
    writeFileSync(join(directory, 'nft.txt'), 'table ip other {\n}\n');
    writeFileSync(join(directory, 'nft.json'), NFT);
  });
  t.is((await ruleEvidence(both)).file, 'nft.json');
});

test('a prediction names the file as well', async (t) => {
  const inputs = nodes(t, (directory) => {
    withoutRules(directory);
    writeFileSync(join(directory, 'nft.txt'), NFT);
  });
  const { vip } = readTruth(fixture(SCENARIO));
  const { findings } = await predict(inputs, {
    ...{ vips: [vip], port: 443, protocol: 'tcp', clients: [], keepGoing: false },
    warn: () => {},
  });
  const rules = findings.flatMap(({ evidence }) => evidence.filter(({ kind }) => kind === 'rule'));
  t.deepEqual([...new Set(rules.map(({ node, file }) => `${node} ${file}`))], ['worker-b nft.txt']);
});

test('nobody is asked for a listing in JSON that was given as text', async (t) => {
  const texts = ['ip-addr', 'ip-route', 'ip-rule', 'ip-neigh', 'nft'];
  const inputs = nodes(t, (directory) => {
    withoutRules(directory);
    writeFileSync(join(directory, 'nft.json'), NFT);
    rmSync(join(directory, 'drops.txt'));
    for (const name of texts) {
      // Which form it is, is told by what it holds.
      renameSync(join(directory, `${name}.json`), join(directory, `${name}.txt`));
    }
  });
  const said = JSON.stringify(await run(inputs));
  for (const name of texts) t.false(said.includes(`${name}.json`), name);
  t.true(said.includes('"nft.txt"'));
});

const columns = ' pkts bytes target     prot opt in     out     source               destination         ';
const listing = (chains: readonly string[], rule = '') =>
  chains.map((name) => `Chain ${name} (policy ACCEPT 0 packets, 0 bytes)\n${columns}\n${rule}`).join('\n');

test('a rule of a listing of several files is named with its own file, and the line in it', async (t) => {
  const directory = 'sos_commands/firewall_tables';
  const drop = `    3   180 DROP       6    --  *      *       0.0.0.0/0            10.42.203.77         tcp dpt:8443\n`;
  const filter = listing(['INPUT', 'FORWARD', 'OUTPUT'], drop);
  const inputs = nodes(t, (bundle) => {
    withoutRules(bundle);
    const sosreport = join(bundle, 'sosreport-worker-b-2026-01-31-abcdefg');
    write(join(sosreport, 'sos_commands/host/hostname'), 'worker-b\n');
    write(
      join(sosreport, directory, 'iptables_-t_nat_-nvL'),
      listing(['PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING']),
    );
    write(join(sosreport, directory, 'iptables_-vnxL'), filter);
  });
  const { file, line, text } = await ruleEvidence(inputs);
  t.true(file!.endsWith(`/${directory}/iptables_-vnxL`), file!);
  const lines = readFileSync(file!, 'utf8').split('\n');
  t.is(lines[line! - 1], drop.trimEnd());
  t.true(lines.slice(0, line!).includes('Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)'));
  t.regex(text, /-A FORWARD -d 10\.42\.203\.77/);
});

test('what is said of a file calls it as it was given, and a command what it is to write', (t) => {
  const parts = [
    { file: 'sos/first', firstLine: 1 },
    { file: 'sos/second', firstLine: 8 },
  ];
  const given = [
    { node: 'n', files: new Map([['nft.json', [{ file: 'nft.txt', firstLine: 1 }]]]) },
    { node: 'n', files: new Map([['iptables-save.txt', parts]]) },
  ];
  const gap = (node: string) => ({
    node,
    interface: null,
    why: 'nft.json ip f c handle 2: "x" cannot be read; iptables-save.txt and ip-rule.json are missing',
    capture: 'nft -j list ruleset > nft.json',
  });
  const [own, other] = gapsWithGivenNames({ given }, [gap('n'), gap('m')]);
  t.deepEqual(own, {
    ...gap('n'),
    why: 'nft.txt ip f c handle 2: "x" cannot be read; sos/first and ip-rule.json are missing',
  });
  t.deepEqual(other, gap('m'));
});

test('what a line of doubt says to be missing is asked for, and not what it says besides', (t) => {
  const cases: [line: string, names: string[]][] = [
    ['ip-route.json is missing: only the addresses of ip-addr.json are known to be local', ['ip-route.json']],
    ['iptables-save.txt and nft.json are empty or missing: none is known', ['iptables-save.txt', 'nft.json']],
    ['its state is not known (ip-neigh.json is missing)', ['ip-neigh.json']],
    ['nft.json ip t c handle 12: "fib saddr . iif oif missing drop" is not modelled', []],
    ['ip-link.json has no interface eth0', []],
  ];
  for (const [line, names] of cases) t.deepEqual(filesNamedIn([line]), names, line);
});
