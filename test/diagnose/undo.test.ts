/** What takes a fix back; `test/lab/undo.test.ts` carries it out. */
import test from 'ava';
import { readSnapshots } from '../../src/correlate/read-snapshots.js';
import { withUndo } from '../../src/diagnose/fixes/undo.js';
import type { Fix, FixCommand } from '../../src/model/analysis.js';
import { Network } from '../../src/network/network.js';
import { fixture } from '../support.js';
import { Altered } from './altered.js';

const SYSCTL = /^net\.ipv4\.conf\.flannel\/1\.rp_filter = .*\n/m;

async function undoOf(...commands: Partial<FixCommand>[]): Promise<string[] | undefined> {
  const { snapshots } = await readSnapshots([fixture('rp-filter-strict', 'node2.tar.gz')], {
    keepGoing: false,
  });
  const fix: Fix = {
    ...{ summary: '', manifests: [], risk: '', expected: '' },
    commands: commands.map((one) => ({ node: 'node2', command: '', persists: false, ...one })),
  };
  return withUndo({ fix }, Network.of(snapshots)).fix!.undo?.map(({ command }) => command);
}

const commands = (...lines: string[]) => undoOf(...lines.map((command) => ({ command })));

test('a setting gets the value that it had, and its file goes', async (t) => {
  const finding = (await new Altered(t, 'rp-filter-strict').analyze()).findings[0]!;
  t.deepEqual(finding.fix!.undo, [
    {
      node: 'node2',
      command: 'rm /etc/sysctl.d/90-returnpath-ipv4-flannel-1-rp_filter.conf',
      persists: true,
    },
    { node: 'node2', command: 'sysctl -w net.ipv4.conf.flannel/1.rp_filter=1', persists: false },
  ]);
});

test('where the value is not in the snapshot, nothing is said', async (t) => {
  const unknown = new Altered(t, 'rp-filter-strict').edit('node2', 'sysctl.txt', (text) =>
    text.replace(SYSCTL, ''),
  );
  const { findings } = await unknown.analyze();
  t.true(findings.length > 0);
  t.true(findings.every(({ fix }) => fix?.undo === undefined));
  t.is(
    await commands('sysctl -w net.ipv4.conf.nic7.rp_filter=2', 'ip rule add from 10.0.0.1 lookup 7'),
    undefined,
  );
});

test('of several, the last is taken back first, each from what the ones before left', async (t) => {
  t.deepEqual(
    await commands(
      'ip route replace 10.77.0.0/16 via 192.168.1.1 dev eth0',
      'ip route replace 10.77.0.0/16 via 192.168.1.2 dev eth0',
      'ip rule add from 10.77.0.1 lookup 100 priority 7',
    ),
    [
      'ip rule del from 10.77.0.1 lookup 100 priority 7',
      'ip route replace 10.77.0.0/16 via 192.168.1.1 dev eth0',
      'ip route del 10.77.0.0/16 via 192.168.1.1 dev eth0',
    ],
  );
  t.deepEqual(await commands('ip route replace default via 192.168.1.2 dev eth0'), [
    'ip route replace default via 192.168.1.1 dev eth0',
  ]);
});

test('rules of firewalls, addresses, and what leaves nothing to take back', async (t) => {
  t.deepEqual(
    await commands(
      'iptables -t mangle -A PREROUTING -i eth0 -j MARK --set-xmark 0x1/0x1',
      'iptables -I FORWARD 3 -i eth0 -j ACCEPT',
      'ip addr add 10.0.0.9/32 dev eth0',
      'ip neigh del 192.168.1.1 dev eth0',
    ),
    [
      'ip addr del 10.0.0.9/32 dev eth0',
      'iptables -D FORWARD -i eth0 -j ACCEPT',
      'iptables -t mangle -D PREROUTING -i eth0 -j MARK --set-xmark 0x1/0x1',
    ],
  );
  t.deepEqual(await commands("nft 'insert rule inet guard forward handle 2 tcp dport 80 accept'"), [
    'nft -a list chain inet guard forward',
    'nft delete rule inet guard forward handle NUMBER',
  ]);
  t.is(await undoOf({ command: 'arping -D -c 3 -I eth0 192.168.1.100', asks: true }), undefined);
  t.is(await commands('ip neigh del 192.168.1.1 dev eth0'), undefined);
  t.deepEqual(await commands('ip netns exec pod2 ip rule add from 10.0.0.1 lookup 7'), [
    'ip netns exec pod2 ip rule del from 10.0.0.1 lookup 7',
  ]);
});
