import test from 'ava';
import fc from 'fast-check';
import { missingFiles } from '../../../../src/ingest/snapshot/files.js';
import { emptySnapshot, readSnapshot } from '../../../../src/ingest/snapshot/snapshot.js';
import { readIpvs } from '../../../../src/ingest/snapshot/text/ipvsadm.js';
import { KernelModel } from '../../../../src/kernel/model.js';
import { PacketPath } from '../../../../src/kernel/netfilter/packet-path.js';
import { translationsOf, translationTargets } from '../../../../src/kernel/translations.js';
import { InputError } from '../../../../src/model/errors.js';
import type { IpvsServer, IpvsService, Snapshot } from '../../../../src/model/snapshot.js';

const LISTING = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  10.96.0.1:443 rr persistent 10800
  -> 192.168.0.2:6443             Masq    1      4          0
  -> 192.168.0.3:6443             Masq    0      0          0
UDP  [fd00::a]:53 wlc
  -> [fd00::10]:5353              Route   2      0          0
FWM  7 IPv6 sh
  -> [fd00::11]:80                Tunnel  1      0          0
`;

const SERVICES: IpvsService[] = [
  {
    protocol: 'tcp',
    address: '10.96.0.1',
    port: 443,
    mark: null,
    scheduler: 'rr',
    persistent: 10800,
    servers: [
      { address: '192.168.0.2', port: 6443, forward: 'masq', weight: 1 },
      { address: '192.168.0.3', port: 6443, forward: 'masq', weight: 0 },
    ],
  },
  {
    protocol: 'udp',
    address: 'fd00::a',
    port: 53,
    mark: null,
    scheduler: 'wlc',
    persistent: null,
    servers: [{ address: 'fd00::10', port: 5353, forward: 'route', weight: 2 }],
  },
  {
    protocol: null,
    address: null,
    port: null,
    mark: 7,
    scheduler: 'sh',
    persistent: null,
    servers: [{ address: 'fd00::11', port: 80, forward: 'tunnel', weight: 1 }],
  },
];

test('services as ipvsadm -Ln lists them', (t) => {
  t.deepEqual(readIpvs(LISTING, 'ipvsadm.txt', t.fail), SERVICES);
  t.deepEqual(readIpvs('', 'ipvsadm.txt', t.fail), []);
});

test('services as ipvsadm-save -n writes them', (t) => {
  const saved = `-A -t 10.96.0.1:443 -s rr -p 10800
-a -t 10.96.0.1:443 -r 192.168.0.2:6443 -m -w 1
-a -t 10.96.0.1:443 -r 192.168.0.3:6443 -m -w 0
-A -u [fd00::a]:53 -s wlc
-a -u [fd00::a]:53 -r [fd00::10]:5353 -g -w 2
-A -f 7 -6 -s sh
-a -f 7 -6 -r [fd00::11]:80 -i -w 1
`;
  t.deepEqual(readIpvs(saved, 'ipvsadm.txt', t.fail), SERVICES);
});

/** As ip_vs_info_seq_show() of Linux 6 writes it. */
const PROC = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  0A600001:01BB rr persistent 2700000 FFFFFFFF
  -> C0A80002:192B      Masq    1      4          0         
  -> C0A80003:192B      Masq    0      0          0         
UDP  [fd00:0000:0000:0000:0000:0000:0000:000a]:0035 wlc 
  -> [fd00:0000:0000:0000:0000:0000:0000:0010]:14E9      Route   2      0          0         
FWM  00000007 sh 
  -> [fd00:0000:0000:0000:0000:0000:0000:0011]:0050      Tunnel  1      0          0         
`;

test('services as /proc/net/ip_vs lists them, in hexadecimal', (t) => {
  const expected = SERVICES.map((service) =>
    service.persistent === null ? service : { ...service, persistent: 'unknown' },
  );
  t.deepEqual(readIpvs(PROC, 'ipvsadm.txt', t.fail), expected);
  // Without its heading, and where a decimal port has no other digits than a hexadecimal one.
  const [, , , ...lines] = PROC.split('\n');
  t.deepEqual(readIpvs(lines.join('\n'), 'ipvsadm.txt', t.fail), expected);
  const port = 'TCP  [2001:1db8:1234:1234:1234:1234:1234:1234]:8080 rr\n';
  t.is(readIpvs(LISTING + port, 'ipvsadm.txt', t.fail).at(-1)!.port, 8080);
});

test('a node of kube-proxy in IPVS mode misses the listing, others do not', (t) => {
  const misses = (...snapshots: Snapshot[]) =>
    missingFiles(snapshots).some(({ name }) => name === 'ipvsadm.txt');
  const served = snapshotOf(LISTING);
  t.false(misses(served));
  t.true(misses({ ...served, ipvs: null }));
  t.false(misses(emptySnapshot('n', null, '')));
  t.true(missingFiles([]).length > 10);
});

test('both forms of the same services are the same', (t) => {
  const end = fc.record({
    address: fc.constantFrom('10.0.0.1', '10.0.0.2', 'fd00::1'),
    port: fc.integer({ min: 0, max: 65535 }),
  });
  const method = fc.constantFrom<IpvsServer['forward']>('masq', 'route', 'tunnel');
  const server = fc.record({ end, forward: method, weight: fc.nat(100) });
  const service = fc.record({
    protocol: fc.constantFrom<'tcp' | 'udp'>('tcp', 'udp'),
    end,
    scheduler: fc.constantFrom('rr', 'wlc', 'sh', 'mh'),
    persistent: fc.option(fc.integer({ min: 1, max: 99999 })),
    servers: fc.array(server, { maxLength: 3 }),
  });
  const services = fc.uniqueArray(service, {
    maxLength: 5,
    selector: (s) => `${s.protocol} ${s.end.address} ${s.end.port}`,
  });
  const said = ({ address, port }: { address: string; port: number }) =>
    address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const words = { masq: ['Masq', '-m'], route: ['Route', '-g'], tunnel: ['Tunnel', '-i'], local: [] };
  fc.assert(
    fc.property(services, (all) => {
      const listed = all.flatMap((s) => [
        `${s.protocol.toUpperCase()}  ${said(s.end)} ${s.scheduler}${s.persistent ? ` persistent ${s.persistent}` : ''}`,
        ...s.servers.map((r) => `  -> ${said(r.end).padEnd(28)} ${words[r.forward][0]}  ${r.weight}  0  0`),
      ]);
      const saved = all.flatMap((s) => {
        const key = `${s.protocol === 'tcp' ? '-t' : '-u'} ${said(s.end)}`;
        return [
          `-A ${key} -s ${s.scheduler}${s.persistent ? ` -p ${s.persistent}` : ''}`,
          ...s.servers.map((r) => `-a ${key} -r ${said(r.end)} ${words[r.forward][1]} -w ${r.weight}`),
        ];
      });
      const read = readIpvs(listed.join('\n'), 'f', t.fail);
      t.deepEqual(readIpvs(saved.join('\n'), 'f', t.fail), read);
      t.deepEqual(
        read.map(({ address, port, servers }) => [address, port, servers.length]),
        all.map((s) => [s.end.address, s.end.port, s.servers.length]),
      );
    }),
  );
});

test('names in place of addresses are not guessed', (t) => {
  const warnings: string[] = [];
  const named = `${LISTING}TCP  ip-10-0-62-121.ec2.internal: rr\n  -> 100.96.5.4:http             Masq    1      0          0\n`;
  t.deepEqual(
    readIpvs(named, 'ipvsadm.txt', (w) => warnings.push(w)),
    SERVICES,
  );
  t.deepEqual(warnings, [
    'ipvsadm.txt: 2 lines cannot be read (was it made without `-n`?), the first is line 11',
  ]);
  t.throws(() => readIpvs('Can not initialize ipvs\n', 'ipvsadm.txt', t.fail), { instanceOf: InputError });
});

function snapshotOf(ipvs: string) {
  const address = {
    ifname: 'kube-ipvs0',
    ifindex: 2,
    flags: ['UP'],
    operstate: 'UP',
    mtu: 1500,
    link_type: 'ether',
  };
  const inet = { family: 'inet', local: '10.96.0.1', prefixlen: 32, scope: 'global' };
  return readSnapshot(
    new Map([
      ['ip-addr.json', JSON.stringify([{ ...address, addr_info: [inet] }])],
      ['ip-route.json', '[{"type":"local","dst":"10.96.0.1","dev":"kube-ipvs0","table":"local"}]'],
      ['nft.txt', ''],
      ['iptables-save.txt', '*filter\nCOMMIT\n'],
      ['ipvsadm.txt', ipvs],
    ]),
    'n',
    null,
    '',
  );
}

test('an address of IPVS has the servers behind it that packets are translated to', (t) => {
  const snapshot = snapshotOf(LISTING);
  t.deepEqual([...translationsOf(snapshot, '10.96.0.1')], ['192.168.0.2', '192.168.0.3']);
  // Routed to its server, a packet keeps its destination.
  t.deepEqual([...translationsOf(snapshot, 'fd00::a')], []);
  t.deepEqual([...translationTargets(snapshot)], ['192.168.0.2', '192.168.0.3']);
});

test('what IPVS makes of a packet that is delivered is said to be unknown', (t) => {
  const doubtsOf = (destinationPort: number, protocol = 'tcp', snapshot = snapshotOf(LISTING)) => {
    const question = {
      source: '10.0.0.9',
      destination: '10.96.0.1',
      protocol,
      sourcePort: 4000,
      destinationPort,
    };
    return new PacketPath(new KernelModel(snapshot))
      .receive(question, 'kube-ipvs0')
      .flatMap(({ unknown }) => unknown.filter((u) => /IPVS/.test(u)));
  };
  t.deepEqual(doubtsOf(443), [
    'ipvsadm.txt: IPVS serves its destination and sends it to one of 192.168.0.2:6443 (masq), 192.168.0.3:6443 (masq, no new connections) by rr, which is not modelled: taken as delivered here',
  ]);
  t.deepEqual(doubtsOf(80), []);
  t.deepEqual(doubtsOf(443, 'udp'), []);
  t.deepEqual(doubtsOf(443, 'tcp', { ...snapshotOf(LISTING), ipvs: null }), [
    'ipvsadm.txt is missing: where IPVS sends what is for kube-ipvs0 is not known',
  ]);
});
