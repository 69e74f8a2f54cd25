import test from 'ava';
import { readCounters } from '../../../../src/ingest/snapshot/nstat.js';
import { readSysctl } from '../../../../src/ingest/snapshot/sysctl.js';

function read(text: string): { values: Map<string, number>; warnings: string[] } {
  const warnings: string[] = [];
  return { values: readCounters(text, 'nstat.txt', (warning) => warnings.push(warning)).values, warnings };
}

test('nstat: columns tell what JSON tells', (t) => {
  const text = `# nstat -zas
#kernel
IpInReceives                    15234              0.0
TcpExtIPReversePathFilter       12                 0.0
Ip6InNoRoutes                   0                  0.0
`;
  const json = '{"kernel":{"IpInReceives":15234,"TcpExtIPReversePathFilter":12,"Ip6InNoRoutes":0}}';
  t.deepEqual(read(text), read(json));
  t.is(read(text).values.get('TcpExtIPReversePathFilter'), 12);
});

const NETSTAT = `Ip:
    Forwarding: 1
    93150 total packets received
    3 with invalid addresses
    0 forwarded
    0 incoming packets discarded
    93150 incoming packets delivered
    76462 requests sent out
    2 dropped because of missing route
Icmp:
    16 ICMP messages received
    ICMP input histogram:
        destination unreachable: 16
    ICMP output histogram:
        redirect: 8
IcmpMsg:
        InType3: 16
Tcp:
    91729 segments received
    1381 resets sent
Udp:
    1405 packets received
TcpExt:
    56 TCP sockets finished time wait in fast timer
    Quick ack mode was activated 1932 times
    7 SYNs to LISTEN sockets dropped
    IPReversePathFilter: 9
IpExt:
    InOctets: 3110375215
`;

test('netstat -s: words that name a counter, and names', (t) => {
  const { values, warnings } = read(NETSTAT);
  t.deepEqual(Object.fromEntries(values), {
    IpForwarding: 1,
    IpInReceives: 93150,
    IpInHdrErrors: 0,
    IpInAddrErrors: 3,
    IpInUnknownProtos: 0,
    IpForwDatagrams: 0,
    IpInDiscards: 0,
    IpInDelivers: 93150,
    IpOutRequests: 76462,
    IpOutDiscards: 0,
    IpOutNoRoutes: 2,
    IcmpMsgInType3: 16,
    TcpInSegs: 91729,
    TcpOutRsts: 1381,
    UdpInDatagrams: 1405,
    TcpExtIPReversePathFilter: 9,
    TcpExtListenDrops: 7,
    TcpExtListenOverflows: 0,
    IpExtInNoRoutes: 0,
    IpExtInOctets: 3110375215,
  });
  t.deepEqual(warnings, [
    'nstat.txt: 5 counters of `netstat -s` left out, for its words do not name them; `nstat -asz` does',
  ]);
});

test('netstat -s -6', (t) => {
  const { values, warnings } = read(`Ip6:
    6 total packets received
    4 incoming packets with no route
    Ip6InOctets: 768
Icmp6:
    Icmp6InType1: 6
`);
  t.is(values.get('Ip6InNoRoutes'), 4);
  t.is(values.get('Ip6InOctets'), 768);
  t.is(values.get('Icmp6InType1'), 6);
  t.is(values.get('Ip6OutNoRoutes'), 0, 'zeros are not printed');
  t.deepEqual(warnings, []);
});

test('sysctls as a JSON object, and as a session', (t) => {
  const warnings: string[] = [];
  const warn = (warning: string) => void warnings.push(warning);
  const json = JSON.stringify({
    'net.ipv4.ip_forward': 1,
    'net/ipv4/conf/eth0.100/rp_filter': '2',
    'net.ipv4.conf.all.log_martians': false,
  });
  const text = `$ sysctl -a
net.ipv4.ip_forward = 1
net.ipv4.conf.eth0/100.rp_filter = 2
net.ipv4.conf.all.log_martians = 0
`;
  t.deepEqual(readSysctl(json, 'sysctl.txt', warn), readSysctl(text, 'sysctl.txt', warn));
  t.is(readSysctl(json, 'sysctl.txt', warn).get('net.ipv4.conf.eth0/100.rp_filter'), '2');
  t.deepEqual(warnings, []);
});

test('/proc/net/snmp, netstat and snmp6, one after the other', (t) => {
  const text = `Ip: Forwarding DefaultTTL InReceives OutNoRoutes
Ip: 1 64 93150 2
Tcp: RtoAlgorithm MaxConn InSegs
Tcp: 1 -1 91729
TcpExt: SyncookiesSent IPReversePathFilter
TcpExt: 0 16
IpExt: InNoRoutes InOctets
IpExt: 3 3110375215
Ip6InReceives                   \t7
Ip6InNoRoutes                   \t1
`;
  const { values, warnings } = read(text);
  t.deepEqual(Object.fromEntries(values), {
    IpForwarding: 1,
    IpDefaultTTL: 64,
    IpInReceives: 93150,
    IpOutNoRoutes: 2,
    TcpRtoAlgorithm: 1,
    TcpInSegs: 91729,
    TcpExtSyncookiesSent: 0,
    TcpExtIPReversePathFilter: 16,
    IpExtInNoRoutes: 3,
    IpExtInOctets: 3110375215,
    Ip6InReceives: 7,
    Ip6InNoRoutes: 1,
  });
  t.deepEqual(warnings, []);
  t.is(read(text.split('\n').slice(-3).join('\n')).values.get('Ip6InNoRoutes'), 1);
});
