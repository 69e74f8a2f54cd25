/** One iptables rule more or less: what `iptables-save` then prints, and that the real one prints the same. */
import { execFileSync } from 'node:child_process';
import test from 'ava';
import { emptySnapshot } from '../../../src/ingest/snapshot/snapshot.js';
import { readIpSets } from '../../../src/ingest/snapshot/text/ipset.js';
import { applyChange } from '../../../src/kernel/what-if/apply.js';
import { parseChange } from '../../../src/kernel/what-if/parse-change.js';
import { testInNamespaces } from '../../gates.js';
import { Namespace } from '../namespace.js';

const SAVED = `*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:OURS - [0:0]
-A FORWARD -i eth0 -j OURS
-A FORWARD -p tcp -m tcp --dport 80 -j DROP
-A OURS -s 10.0.0.0/8 -j ACCEPT
COMMIT
`;

function after(commands: readonly string[], saved: string | null = SAVED): string[] {
  const snapshot = { ...emptySnapshot('node1', null, 'node1'), iptables: saved };
  const changed = commands.reduce(
    (now, command) => applyChange(now, parseChange(`node1:${command}`, 'add')),
    snapshot,
  );
  return rules(changed.iptables!);
}

/** Without counters and remarks: the rules of each chain in their order. */
function rules(text: string): string[] {
  const tables = new Map<string, string[]>();
  let table: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('*')) {
      table = [];
      tables.set(line, table);
    } else if (line.startsWith('-A ')) table.push(line.trim());
  }
  return [...tables]
    .sort()
    .flatMap(([name, lines]) => [name, ...lines.toSorted((a, b) => chainOf(a).localeCompare(chainOf(b)))]);
}

const chainOf = (line: string) => line.split(' ')[1]!;

const COMMANDS = [
  'iptables -I FORWARD 2 -p tcp -m tcp --dport 443 -j ACCEPT',
  'iptables -A FORWARD -o eth1 -j ACCEPT',
  'iptables -I INPUT -i eth0 -j DROP',
  'iptables -I OURS 2 -s 192.0.2.0/24 -j ACCEPT',
  'iptables -R FORWARD 1 -i eth2 -j OURS',
  'iptables -D FORWARD 2',
  'iptables -D OURS -s 10.0.0.0/8 -j ACCEPT',
  'iptables -t raw -A PREROUTING -m rpfilter --loose --invert -j DROP',
  'iptables -w -t mangle -A PREROUTING -i eth0 -j CONNMARK --set-xmark 0x10/0x10',
];

test('rules go where iptables would put them', (t) => {
  t.deepEqual(after(COMMANDS.slice(0, 2)).slice(1), [
    '-A FORWARD -i eth0 -j OURS',
    '-A FORWARD -p tcp -m tcp --dport 443 -j ACCEPT',
    '-A FORWARD -p tcp -m tcp --dport 80 -j DROP',
    '-A FORWARD -o eth1 -j ACCEPT',
    '-A OURS -s 10.0.0.0/8 -j ACCEPT',
  ]);
  t.deepEqual(after(['iptables -t mangle -A OUTPUT -j ACCEPT'], ''), ['*mangle', '-A OUTPUT -j ACCEPT']);
});

const REFUSED: [command: string, saved: string | null, message: RegExp][] = [
  ['iptables -A NONE -j ACCEPT', SAVED, /No chain\/target\/match by that name/],
  ['iptables -I FORWARD 9 -j ACCEPT', SAVED, /Index of insertion too big: FORWARD has 2 rules/],
  ['iptables -D FORWARD 3', SAVED, /Index of deletion too big/],
  ['iptables -D FORWARD -j ACCEPT', SAVED, /Bad rule/],
  ['iptables -t none -A FORWARD -j ACCEPT', SAVED, /Table does not exist/],
  ['iptables -A FORWARD', SAVED, /the rule for FORWARD is missing/],
  ['iptables -F FORWARD', SAVED, /-F is not modelled: use -A, -I, -R or -D/],
  ['iptables -A FORWARD -j ACCEPT', null, /record iptables-save\.txt too/],
];

for (const [command, saved, message] of REFUSED) {
  test(`refused: ${command}${saved === null ? ', with no listing' : ''}`, (t) => {
    t.throws(() => after([command], saved), { message });
  });
}

testInNamespaces('iptables')('the real iptables prints the same after each command', (t) => {
  const namespace = new Namespace();
  try {
    execFileSync('ip', ['netns', 'exec', namespace.name, 'iptables-restore'], { input: SAVED });
    const save = () => namespace.run('iptables-save');
    for (const [i, command] of COMMANDS.entries()) {
      namespace.run('sh', '-c', command);
      t.deepEqual(after(COMMANDS.slice(0, i + 1)), rules(save()), command);
    }
  } finally {
    namespace.remove();
  }
});

test('a rule that asks a set: of those that there are', (t) => {
  const ipsets = readIpSets('create known hash:ip family inet\nadd known 10.0.0.1\n', 'ipset.txt', t.fail);
  const change = (set: string, sets: typeof ipsets | null) => () =>
    applyChange(
      { ...emptySnapshot('node1', null, 'node1'), iptables: SAVED, ipsets: sets },
      parseChange(`node1:iptables -A FORWARD -m set --match-set ${set} src -j DROP`, 'add'),
    );
  t.throws(change('other', ipsets), { message: /Set other doesn't exist/ });
  t.notThrows(change('known', ipsets));
  t.notThrows(change('other', null));
});
