import test from 'ava';
import { interfaceNameOf, parseInterfaceName } from '../../../src/ingest/capture/interface-name.js';

test('names that tell a node', (t) => {
  t.deepEqual(parseInterfaceName('node1:eth0'), { node: 'node1', netns: null, interface: 'eth0' });
  t.deepEqual(parseInterfaceName('node1/pod7:eth0'), { node: 'node1', netns: 'pod7', interface: 'eth0' });
  t.deepEqual(parseInterfaceName('worker.example.org:flannel.1'), {
    node: 'worker.example.org',
    netns: null,
    interface: 'flannel.1',
  });
  t.deepEqual(parseInterfaceName('node1:?'), { node: 'node1', netns: null, interface: null });
});

test('names that tell none', (t) => {
  const names = [
    null,
    'eth0',
    'any',
    'eth0:1',
    'nflog:5',
    'rpcap://10.0.0.1:2002/eth0',
    '\\Device\\NPF_{2F5E3C40-9B7B-4A39-8B5D-1F0F7A3D3C11}',
    'Ethernet 2: up',
    ':eth0',
    'node1:',
  ];
  for (const name of names) t.is(parseInterfaceName(name), null, String(name));
});

test('what is written is read', (t) => {
  for (const netns of [null, 'pod7'])
    for (const name of ['eth0', null]) {
      const place = { node: 'node1', netns, interface: name };
      t.deepEqual(parseInterfaceName(interfaceNameOf(place)), place);
    }
});
