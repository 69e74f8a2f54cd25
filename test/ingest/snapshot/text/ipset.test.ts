import test from 'ava';
import { missingFiles } from '../../../../src/ingest/snapshot/files.js';
import { emptySnapshot } from '../../../../src/ingest/snapshot/snapshot.js';
import { readIpSets } from '../../../../src/ingest/snapshot/text/ipset.js';
import { InputError } from '../../../../src/model/errors.js';
import type { IpSet } from '../../../../src/model/snapshot.js';

const SAVED = `create s0 hash:net,iface family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x2a4fa541
add s0 10.0.0.0/8,eth wildcard
add s0 0.0.0.0/0,eth5 nomatch
create cali40s:dSXI hash:ip family inet6 hashsize 1024 maxelem 65536 netmask 64 timeout 30 counters comment bucketsize 12 initval 0x7e40cd67
add cali40s:dSXI fd00:: timeout 5 packets 0 bytes 0 comment "nomatch timeout 0"
add cali40s:dSXI fd00:1:: timeout 0 packets 3 bytes 180
create ports bitmap:port range 1-1000
add ports 80
create both list:set size 8
add both s0
add both ports
add both Calico:x
`;

const LISTED = `Name: s0
Type: hash:net,iface
Revision: 8
Header: family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x2a4fa541
Size in memory: 912
References: 1
Number of entries: 2
Members:
10.0.0.0/8,eth wildcard
0.0.0.0/0,eth5 nomatch

Name: cali40s:dSXI
Type: hash:ip
Revision: 6
Header: family inet6 hashsize 1024 maxelem 65536 netmask 64 timeout 30 counters comment bucketsize 12 initval 0x7e40cd67
Size in memory: 380
References: 0
Number of entries: 2
Members:
fd00:: timeout 5 packets 0 bytes 0 comment "nomatch timeout 0"
fd00:1:: timeout 0 packets 3 bytes 180

Name: ports
Type: bitmap:port
Revision: 3
Header: range 1-1000
Size in memory: 208
References: 1
Number of entries: 1
Members:
80

Name: both
Type: list:set
Revision: 3
Header: size 8
Size in memory: 144
References: 0
Number of entries: 3
Members:
s0
ports
Calico:x
`;

const element = (value: string, more: object = {}) => ({
  value,
  nomatch: false,
  wildcard: false,
  expires: false,
  ...more,
});
const set = (name: string, type: string, more: Partial<IpSet>): IpSet => ({
  name,
  type,
  family: null,
  netmask: null,
  bitmask: null,
  range: null,
  expires: false,
  elements: [],
  isWhole: true,
  ...more,
});

const SETS: IpSet[] = [
  set('s0', 'hash:net,iface', {
    family: 4,
    elements: [element('10.0.0.0/8,eth', { wildcard: true }), element('0.0.0.0/0,eth5', { nomatch: true })],
  }),
  set('cali40s:dSXI', 'hash:ip', {
    family: 6,
    netmask: 64,
    expires: true,
    elements: [element('fd00::', { expires: true }), element('fd00:1::')],
  }),
  set('ports', 'bitmap:port', { range: '1-1000', elements: [element('80')] }),
  set('both', 'list:set', { elements: [element('s0'), element('ports'), element('Calico:x')] }),
];

test('sets as ipset save and ipset list print them', (t) => {
  t.deepEqual(readIpSets(SAVED, 'ipset.txt', t.fail), SETS);
  t.deepEqual(readIpSets(LISTED, 'ipset.txt', t.fail), SETS);
  t.deepEqual(readIpSets(LISTED.replaceAll('\n', '\r\n'), 'ipset.txt', t.fail), SETS);
  t.deepEqual(readIpSets('', 'ipset.txt', t.fail), []);
});

test('a listing that is cut off has a set of which not all is known', (t) => {
  const cut = LISTED.slice(0, LISTED.indexOf('0.0.0.0/0,eth5'));
  const [only, ...others] = readIpSets(cut, 'ipset.txt', t.fail);
  t.is(only!.isWhole, false);
  t.deepEqual(others, []);
});

test('lines that cannot be read are told, and a file of nothing else is refused', (t) => {
  const warnings: string[] = [];
  const odd = `add nowhere 10.0.0.1\n${SAVED}ipset v7.17: Kernel error\n`;
  t.deepEqual(
    readIpSets(odd, 'ipset.txt', (w) => warnings.push(w)),
    SETS,
  );
  t.deepEqual(warnings, ['ipset.txt: 2 lines cannot be read, the first is line 1']);
  t.throws(() => readIpSets('ipset v7.17: Cannot open session to kernel.\n', 'ipset.txt', t.fail), {
    instanceOf: InputError,
  });
});

test('only a node whose rules ask a set misses the file', (t) => {
  const misses = (iptables: string) =>
    missingFiles([{ ...emptySnapshot('n', null, ''), iptables }]).some(({ name }) => name === 'ipset.txt');
  t.true(misses('*filter\n-A INPUT -m set --match-set blocked src -j DROP\nCOMMIT\n'));
  t.false(misses('*filter\n-A INPUT -j DROP\nCOMMIT\n'));
});
