import test from 'ava';
import { readIpSets } from '../../../src/ingest/snapshot/text/ipset.js';
import { IpSets } from '../../../src/kernel/netfilter/ipset/ip-sets.js';
import type { FilterPacket } from '../../../src/kernel/netfilter/packet.js';
import { toAddress } from '../../../src/kernel/prefix.js';
import { packet } from './nft-listing.js';

// What is in a set, the running kernel tells (ipset.test.ts); here is what cannot be told, and is said so.

const PACKET = packet({ destination: toAddress('10.1.0.7') });

function ask(saved: string, sides: string, change: Partial<FilterPacket> = {}, returnNomatch = false) {
  const sets = new IpSets(readIpSets(saved, 'ipset.txt', () => {}));
  const name = saved.split(' ')[1]!;
  const answer = sets.test(name, { ...PACKET, ...change }, { sides: sides.split(','), returnNomatch });
  return typeof answer === 'boolean' ? answer : answer.missing;
}

test('elements that go by themselves tell only of what is there for good', (t) => {
  const saved =
    'create banned hash:ip family inet timeout 600\nadd banned 10.0.0.5 timeout 30\nadd banned 10.0.0.6 timeout 0\n';
  const missing = 'elements of the set banned go by themselves after some time';
  t.is(ask(saved, 'src'), missing);
  t.is(ask(saved, 'src', { source: toAddress('10.0.0.7') }), missing);
  t.is(ask(saved, 'src', { source: toAddress('10.0.0.6') }), true);
  // Its twin: a set of which nothing goes.
  t.is(ask(saved.replaceAll(/ timeout \d+/g, ''), 'src'), true);
  t.is(ask(saved.replaceAll(/ timeout \d+/g, ''), 'src', { source: toAddress('10.0.0.7') }), false);
});

test('a type that is not modelled, and a mask of any bits', (t) => {
  t.is(
    ask('create m hash:mac hashsize 1024\nadd m 02:00:00:00:00:01\n', 'src'),
    'sets of the type hash:mac, as m is one, are not modelled',
  );
  t.is(
    ask('create m hash:ip family inet bitmask 255.0.255.0\nadd m 10.0.0.0\n', 'src'),
    'sets with a bitmask, as m is one, are not modelled',
  );
});

test('an element that cannot be read leaves in doubt what is not found, and what a narrower net may except', (t) => {
  const ports =
    'create p hash:ip,port family inet\nadd p 10.0.0.5,icmp:network-prohibited\nadd p 10.1.0.7,tcp:80\n';
  t.is(ask(ports, 'src,dst'), 'not all of the set p can be read');
  t.is(ask(ports, 'dst,dst'), true);
  const nets = 'create n hash:net family inet\nadd n 10.0.0.0/8\nadd n 10.0.0.x/24 nomatch\n';
  t.is(ask(nets, 'src'), 'not all of the set n can be read');
  t.is(ask(nets.replace('10.0.0.x', '10.9.0.0'), 'src'), true);
});

test('a packet of which the port or the ICMP type is not known', (t) => {
  const saved =
    'create p hash:ip,port family inet\nadd p 10.0.0.5,tcp:80\nadd p 10.0.0.5,icmp:echo-request\n';
  const missing = 'the port of the packet, by which the set p goes, is not known';
  t.is(ask(saved, 'src,dst', { destinationPort: null }), missing);
  t.is(ask(saved, 'src,dst', { protocol: 'icmp', icmp: null }), missing);
  t.is(ask(saved, 'src,dst', { protocol: 'icmp', icmp: { type: 8, code: 0 } }), true);
  t.is(ask(saved, 'src,dst', { protocol: 'icmp', icmp: { type: 8, code: 1 } }), false);
});

test('a list is known as soon as one of its sets has the packet', (t) => {
  const sets =
    'create macs hash:mac\nadd macs 02:00:00:00:00:01\ncreate ips hash:ip family inet\nadd ips 10.0.0.5\n';
  const list = (members: string) =>
    new IpSets(readIpSets(`${sets}create l list:set size 8\n${members}`, 'ipset.txt', t.fail)).test(
      'l',
      PACKET,
      {
        sides: ['src'],
        returnNomatch: false,
      },
    );
  t.is(list('add l macs\nadd l ips\n'), true);
  t.deepEqual(list('add l macs\n'), {
    missing: 'sets of the type hash:mac, as macs is one, are not modelled',
  });
  t.is(list(''), false);
});

test('a name that is not listed', (t) => {
  t.deepEqual(new IpSets([]).test('x', PACKET, { sides: ['src'], returnNomatch: false }), {
    missing: 'no set of the name x is listed',
  });
});
