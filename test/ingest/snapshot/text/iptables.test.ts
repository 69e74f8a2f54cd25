import test from 'ava';
import fc from 'fast-check';
import { readSnapshot } from '../../../../src/ingest/snapshot/snapshot.js';
import { compileIptables } from '../../../../src/kernel/netfilter/iptables/iptables.js';
import { matchExtension } from '../../../../src/kernel/netfilter/iptables/matches.js';
import { parseRule } from '../../../../src/kernel/netfilter/iptables/words.js';
import { nodeRules } from '../../../../src/kernel/netfilter/node-rules.js';
import { InputError } from '../../../../src/model/errors.js';
import { testInNamespaces } from '../../../gates.js';
import { Ground } from '../../../lab/ground.js';

/** By table, rules that a listing tells in full. */
const RULES: Readonly<Record<string, readonly string[]>> = {
  filter: [
    '-N X',
    '-N X2',
    '-P FORWARD DROP',
    '-A FORWARD -s 10.0.0.0/8 ! -d 10.1.0.0/16 -i eth0 ! -o eth1 -p tcp -m tcp --dport 80 -m comment --comment "a b" -j ACCEPT',
    '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-A FORWARD -m conntrack ! --ctstate INVALID -j X',
    '-A FORWARD -m conntrack --ctstate DNAT --ctproto 6 --ctorigdst 10.0.0.1 ! --ctorigdstport 80 --ctdir ORIGINAL -j X',
    '-A FORWARD -m state ! --state NEW,RELATED -j X',
    '-A X -p udp -m multiport ! --dports 1,2:5 -g X2',
    '-A X -p tcp -m multiport --ports 80,443 -j X2',
    '-A X -m mark --mark 0x4000/0x4000 -j RETURN',
    '-A X -m mark ! --mark 0x4 -j DROP',
    '-A X -p icmp -m icmp --icmp-type 8 -j REJECT --reject-with icmp-host-prohibited',
    '-A X -p icmp -m icmp ! --icmp-type 3/4 -j ACCEPT',
    '-A X -p icmp -m icmp --icmp-type any -j ACCEPT',
    '-A X -p tcp -m tcp --tcp-flags SYN,RST SYN -j REJECT --reject-with tcp-reset',
    '-A X -j REJECT',
    '-A X -p tcp -m tcp --sport 5:7 ! --dport 9 --tcp-flags FIN,SYN,RST,ACK SYN',
    '-A X -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK NONE',
    '-A X -p udp -m udp ! --sport 5:7 --dport 1024:',
    '-A X -p 132 -m sctp --dport 80',
    '-A X -m statistic --mode random --probability 0.33333333349 -j X2',
    '-A X -m statistic --mode random ! --probability 0.5 -j X2',
    '-A X -m statistic --mode nth --every 3 --packet 0 -j X2',
    '-A X -m statistic --mode nth ! --every 3 --packet 1 -j X2',
    '-A X -m addrtype --dst-type LOCAL -j X2',
    '-A X -m addrtype ! --src-type LOCAL,UNICAST --limit-iface-in -j X2',
    '-A X -m recent --set --name A -j X2',
    '-A X -m recent --rcheck --seconds 10800 --reap --name A -j X2',
    '-A X -m recent ! --update --seconds 5 --hitcount 3 --rttl --name Z --rdest -j X2',
    '-A X -m connlimit --connlimit-upto 5 --connlimit-mask 24 --connlimit-daddr -j X2',
    '-A X -m hashlimit --hashlimit-above 5/sec --hashlimit-mode srcip,dstport --hashlimit-name a -j DROP',
    '-A X -m physdev ! --physdev-in eth0 --physdev-is-bridged -j ACCEPT',
    '-A X -m policy --dir in --pol none -j ACCEPT',
    '-A X -m devgroup ! --src-group 5 --dst-group 6 -j ACCEPT',
    '-A X -m pkttype ! --pkt-type broadcast -j ACCEPT',
    '-A X -m length ! --length 5:10 -j ACCEPT',
    '-A X -m dscp ! --dscp 0x10 -j ACCEPT',
    '-A X -m tos --tos 0x10/0x3f -j ACCEPT',
    '-A X -m ttl ! --ttl-eq 3 -j ACCEPT',
    '-A X -p gre',
    '-A X ! -p tcp -j DROP',
    '-A X -f -j DROP',
    '-A X ! -f -j DROP',
    '-A X -m limit --limit 5/min -j LOG --log-prefix "tcp dpt:80 "',
    '-A X -j NFLOG --nflog-prefix "reject-with x"',
    '-A X -j NFQUEUE --queue-num 5 --queue-bypass',
    '-A X -m mac ! --mac-source 00:11:22:33:44:55 -j DROP',
    '-A X -m iprange --src-range 10.0.0.1-10.0.0.5 ! --dst-range 10.0.0.1-10.0.0.5 -j DROP',
    '-A X -m comment --comment "it\'s \\"q\\" and \\\\ tcp dpt:81" -m comment --comment two -j DROP',
    '-A X -s 10.0.0.1/255.0.255.0 -j ACCEPT',
    '-A X ! -s 10.0.0.1',
    '-A X',
    '-A X -i averylongname12 -o cafe+ -j X2',
    '-A INPUT -i cali+ -j ACCEPT',
    '-A OUTPUT -m owner --uid-owner 0 -j ACCEPT',
    '-A OUTPUT -m owner ! --uid-owner 0-100 --gid-owner 5 -j ACCEPT',
    '-A OUTPUT -m owner ! --socket-exists -j ACCEPT',
  ],
  nat: [
    '-N KUBE-SEP-A',
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SEP-A',
    '-A KUBE-SEP-A -s 10.244.1.10/32 -m comment --comment "default/web:http" -j MARK --set-xmark 0x4000/0x4000',
    '-A POSTROUTING -j MASQUERADE --random-fully',
    '-A KUBE-SEP-A -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination 10.244.1.10:8080',
    '-A PREROUTING -d 1.2.3.4/32 -p tcp -j DNAT --to-destination 10.0.0.1-10.0.0.9:8080-8090 --random --persistent',
    '-A PREROUTING -p tcp -j REDIRECT --to-ports 80-90 --random',
    '-A PREROUTING -d 1.2.3.0/24 -j NETMAP --to 5.6.7.0/24',
    '-A POSTROUTING -p tcp -j MASQUERADE --to-ports 1024-2048 --random',
    '-A POSTROUTING -j MASQUERADE',
    '-A POSTROUTING -p tcp -j SNAT --to-source 1.2.3.4:5-9 --random-fully',
    '-A POSTROUTING -o e+ -j SNAT --to-source 1.2.3.4-1.2.3.5 --persistent',
  ],
  mangle: [
    '-A PREROUTING -j MARK --set-xmark 0x4000/0x4000',
    '-A PREROUTING -j MARK --set-xmark 0x5/0xffffffff',
    '-A PREROUTING -j MARK --set-xmark 0x0/0xffff00ff',
    '-A PREROUTING -j MARK --set-xmark 0x1/0xff',
    '-A PREROUTING -j MARK --xor-mark 0x4000',
    '-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff',
    '-A PREROUTING -j CONNMARK --restore-mark --nfmask 0xffff --ctmask 0xff',
    '-A PREROUTING -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff',
    '-A PREROUTING -j CONNMARK --save-mark --nfmask 0xff --ctmask 0xff00',
    '-A PREROUTING -j CONNMARK --set-xmark 0x1/0xff',
    '-A PREROUTING -j CONNMARK --set-xmark 0x0/0xfe',
    '-A PREROUTING -m connmark ! --mark 0x1/0xf -j ACCEPT',
    '-A PREROUTING -j TOS --set-tos 0x10/0x3f',
    '-A PREROUTING -j DSCP --set-dscp 0x10',
    '-A PREROUTING -j TTL --ttl-set 5',
    '-A PREROUTING -j TTL --ttl-dec 1',
    '-A PREROUTING -p tcp -j TPROXY --on-port 50 --on-ip 127.0.0.1 --tproxy-mark 0x1/0x1',
    '-A FORWARD -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu',
  ],
  raw: [
    '-A PREROUTING -m rpfilter --loose --invert -j DROP',
    '-A PREROUTING -m rpfilter --validmark --accept-local -j ACCEPT',
    '-A PREROUTING -j CT --notrack',
    '-A PREROUTING -j CT --zone 5',
  ],
};

const RULES6: readonly string[] = [
  '-N X',
  '-A INPUT -s fd00::/8 ! -d fd00::1 -i eth0 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -j ACCEPT',
  '-A INPUT -p ipv6-icmp -m icmp6 ! --icmpv6-type 1/3 -j REJECT --reject-with icmp6-adm-prohibited',
  '-A INPUT -m hl --hl-lt 3 -j X',
  '-A INPUT -p udp -m udp --sport 5 -j X',
  '-A INPUT -m conntrack ! --ctorigsrc fd00::1 -j X',
];

/** What the model has no use for, so that a listing need not tell it. */
const IDLE = new Set(['LOG', 'NFLOG', 'NFQUEUE', 'TCPMSS']);
const UNTOLD = new Set(['--hashlimit-name']);

const arity = (name: string) => matchExtension(name)?.options ?? null;
const PROTOCOLS: Readonly<Record<string, string>> = {
  ...{ tcp: '6', udp: '17', icmp: '1', gre: '47', sctp: '132', 'ipv6-icmp': '58' },
};

/** What is the same however it is written: protocols by number, one host without its prefix length. */
function comparable(saved: string): unknown[] {
  const lines = saved.split('\n').flatMap((line): unknown[] => {
    if (line.startsWith('*')) return [line];
    if (line.startsWith(':')) return [line.replace(/ \[.*/, '')];
    if (!line.startsWith('-A ')) return [];
    const { header, matches, target } = parseRule(line, arity);
    const plain = header.map(({ name, not, values: [value = ''] }) => {
      const said = name === '-p' ? (PROTOCOLS[value] ?? value) : value.replace(/\/(32|128)$/, '');
      return `${not}${name} ${said}`;
    });
    const options = matches.flatMap(({ name, options: own }) =>
      own
        .filter((option) => !UNTOLD.has(option.name))
        .map((o) => `${name} ${o.not} ${o.name} ${o.values.join(' ')}`)
        // The default, which iptables-save leaves out.
        .filter((option) => !option.endsWith('--limit-burst 5')),
    );
    const known = target && { ...target, options: IDLE.has(target.name) ? [] : target.options };
    return [{ chain: line.split(' ')[1], plain: plain.sort(), options: options.sort(), known }];
  });
  return lines.map((one) => JSON.stringify(one)).sort();
}

function read(files: Record<string, string>) {
  return readSnapshot(new Map(Object.entries(files)), 'n', null, '');
}

for (const version of ['legacy', 'nft']) {
  const tool = `iptables-${version}`;
  testInNamespaces(tool)(`a listing and a specification say what iptables-save says: ${tool}`, async (t) => {
    const ground = new Ground();
    try {
      await ground.add('r');
      const run = (name: string, ...args: string[]) => ground.run('r', [name, ...args]);
      const sets = [
        ...Object.entries(RULES).map(([table, rules]) => ({ prefix: '', table, rules })),
        { prefix: '6', table: 'filter', rules: RULES6 },
      ];
      for (const { prefix, table, rules } of sets) {
        const own = `ip${prefix}tables-${version}`;
        const field = `ip${prefix}tables` as 'iptables' | 'ip6tables';
        const input = `*${table}\n${rules.join('\n')}\nCOMMIT\n`;
        await ground.run('r', [`${own}-restore`], { input });
        const saved = comparable(await run(`${own}-save`, '-t', table));
        t.true(saved.length > rules.length);
        for (const more of [['-nvL'], ['-nvL', '--line-numbers'], ['-nvxL'], ['-S'], ['-vS']]) {
          const listed = await run(own, '-t', table, ...more);
          const { [field]: form, warnings } = read({ [`${field}-save.txt`]: listed });
          t.deepEqual(comparable(form!), saved, `${own} ${table} ${more.join(' ')}`);
          t.is(warnings.length, 1);
          t.regex(warnings[0]!, /has no table/);
          // Each rule is where it was.
          const rule = /^(-A|\s*(\d+ +)?\d+[KMG]? +\d+)/;
          const places = (text: string) =>
            text.split('\n').flatMap((line, at) => (rule.test(line) ? [at] : []));
          t.deepEqual(places(form!), places(listed));
        }
      }
      const tables = ['filter', 'nat', 'mangle', 'raw'];
      for (const verb of ['-nvL', '-S']) {
        const listed = await Promise.all(tables.map((table) => run(tool, '-t', table, verb)));
        const { iptables, warnings } = read({ 'iptables-save.txt': listed.join('') });
        t.deepEqual(comparable(iptables!), comparable(await run(`${tool}-save`)));
        t.deepEqual(warnings, []);
      }
    } finally {
      await ground.teardown();
    }
  });
}

const COLUMNS = ' pkts bytes target     prot opt in     out     source               destination         ';
const NAT = `Chain PREROUTING (policy ACCEPT 0 packets, 0 bytes)
${COLUMNS}
  12K  720K KUBE-SERVICES  all  --  *      *       0.0.0.0/0            0.0.0.0/0            /* kubernetes service portals */

Chain OUTPUT (policy ACCEPT 5 packets, 300 bytes)
${COLUMNS}

Chain POSTROUTING (policy ACCEPT 5 packets, 300 bytes)
${COLUMNS}

Chain KUBE-SERVICES (1 references)
${COLUMNS}
    0     0 ACCEPT     tcp  --  *      *       0.0.0.0/0            10.96.0.1            tcp dpt:443 STRING match  "tcp dpt:80" ALGO name bm
    0     0 ACCEPT     tcp  --  *      *       client.example       10.96.0.1            tcp dpt:https
    0     0 DROP       all  --  *      *       0.0.0.0/0            0.0.0.0/0            /* a */ tcp dpt:80 /* b */
    0     0 DNAT       all  --  *      *       0.0.0.0/0            0.0.0.0/0            to:10.0.0.1 frobnicated
    0     0 FROB       all  --  *      *       0.0.0.0/0            0.0.0.0/0            frobs 5
`;
const FILTER = `Chain INPUT (policy DROP 0 packets, 0 bytes)
${COLUMNS}
    0     0 ACCEPT     all  --  lo     *       0.0.0.0/0            0.0.0.0/0           

Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)
${COLUMNS}

Chain OUTPUT (policy ACCEPT 0 packets, 0 bytes)
${COLUMNS}
`;

const chainsOf = (text: string) =>
  compileIptables(text, 4, 'f').baseChains.map(({ hook, type, policy }) => `${type} ${hook} ${policy}`);

test('tables are told apart by their chains', (t) => {
  const { iptables } = read({ 'iptables-save.txt': NAT + FILTER });
  t.deepEqual(compileIptables(iptables!, 4, 'f').unknown, []);
  t.deepEqual(chainsOf(iptables!), [
    ...['nat prerouting accept', 'nat output accept', 'nat postrouting accept'],
    ...['filter input drop', 'filter forward accept', 'filter output accept'],
  ]);
  t.deepEqual(chainsOf(read({ 'iptables-save.txt': FILTER + NAT }).iptables!).length, 6);
});

test('what a listing does not tell exactly is a match that nobody knows, and is told', (t) => {
  const { iptables, warnings } = read({ 'iptables-save.txt': NAT });
  const lines = iptables!.split('\n').filter((line) => line.includes('-m listing'));
  t.deepEqual(lines, [
    '-A KUBE-SERVICES -d 10.96.0.1 -p tcp -m tcp --dport 443 -m listing "STRING match \\"tcp dpt:80\\" ALGO name bm" -j ACCEPT',
    '-A KUBE-SERVICES -m listing "ACCEPT tcp -- * * client.example 10.96.0.1 tcp dpt:https" -j UNREAD',
    '-A KUBE-SERVICES -m listing "/* a */ tcp dpt:80 /* b */" -j DROP',
    '-A KUBE-SERVICES -m listing "frobnicated" -j DNAT --to-destination 10.0.0.1',
    '-A KUBE-SERVICES -m listing "frobs 5" -j FROB',
  ]);
  t.regex(
    warnings[0]!,
    /^iptables-save.txt: 5 rules are not told in full .* first in line 13: taken as no match/,
  );
  t.regex(warnings[1]!, /has no table filter, mangle, raw/);
});

test('tables that no command listed leave the node unsure, unless nft lists them', (t) => {
  const alone = read({ 'iptables-save.txt': FILTER });
  const doubt = 'of iptables-save.txt the tables nat, mangle, raw are missing: their rules are not known';
  t.deepEqual(nodeRules(alone, 4).unknown, [doubt]);
  const both = read({ 'iptables-save.txt': FILTER, 'nft.json': '{"nftables":[]}' });
  t.deepEqual(nodeRules(both, 4).unknown, []);
  const saved = read({ 'iptables-save.txt': '*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n' });
  t.deepEqual(nodeRules(saved, 4).unknown, []);
});

test('a listing without interfaces is refused', (t) => {
  const text =
    'Chain INPUT (policy ACCEPT)\ntarget     prot opt source               destination\nACCEPT  all  --  10.0.0.1  0.0.0.0/0\n';
  const reading = () => read({ 'iptables-save.txt': text });
  t.throws(reading, { instanceOf: InputError, message: /^iptables-save.txt: made without -v/ });
});

test('a table is named by the command above it, or cannot be told', (t) => {
  const one = NAT.slice(0, NAT.indexOf('\nChain OUTPUT'));
  for (const command of [
    '# iptables -t nat -nvL PREROUTING',
    '[root@n ~]# sudo iptables -nvL PREROUTING --table=nat',
  ])
    t.deepEqual(chainsOf(read({ 'iptables-save.txt': `${command}\n${one}` }).iptables!), [
      'nat prerouting accept',
    ]);
  const { iptables, warnings } = read({ 'iptables-save.txt': one });
  t.false(iptables!.includes('-A'));
  t.regex(warnings[0]!, /^iptables-save.txt: of which table the chains from line 1 on are cannot be told/);
});

test('one table that two commands listed counts once; what iptables notes stays', (t) => {
  const note = '# Warning: iptables-legacy tables present, use iptables-legacy to see them\n';
  const { iptables } = read({
    'iptables-save.txt': `${note}${FILTER}${FILTER.replace('0     0 ACC', '7   420 ACC')}`,
  });
  t.is(iptables!.match(/^\*filter$/gm)!.length, 1);
  t.regex(compileIptables(iptables!, 4, 'f').unknown.join(), /legacy tables besides/);
});

test("iptables-save's own form stays as it is", (t) => {
  const text =
    '# x\n*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -m comment --comment "Chain X (policy ACCEPT)"\nCOMMIT\n';
  t.is(read({ 'iptables-save.txt': text }).iptables, text);
  t.is(read({ 'iptables-save.txt': '' }).iptables, '');
});

test('any text is read without another error than that of -v, and 200,000 rules as well', (t) => {
  const word = fc.oneof(
    fc.constantFrom(
      ...NAT.split(/(?<=\n)|\s+/),
      ...FILTER.split(/(?<=\n)|\s+/),
      '-P',
      '-N',
      '-A',
      '\n',
      '/*',
      '*/',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      try {
        const { iptables } = read({ 'iptables-save.txt': words.join(' ') });
        for (const { chain } of compileIptables(iptables!, 4, 'f').baseChains)
          t.true(Array.isArray(chain.rules));
      } catch (error) {
        t.regex(String(error), /made without -v/);
      }
    }),
  );
  const rule =
    '    0     0 ACCEPT     6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:80 flags:0\n';
  const many = `${FILTER}\nChain X (1 references)\n${COLUMNS}\n${rule.repeat(200_000)}`;
  t.is(read({ 'iptables-save.txt': many }).iptables!.match(/^-A X /gm)!.length, 200_000);
});
