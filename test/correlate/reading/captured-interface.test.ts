/** A capture of one interface is that interface's, whatever its file is called. */
import test from 'ava';
import { EditedScenario } from '../../diagnose/edited-bundle.js';

const SCENARIOS: [scenario: string, node: string][] = [
  ['wrong-gateway-one-lan', 'lb-3'],
  ['rp-filter-bare-interface', 'lb-3'],
  ['rp-filter-interface-only', 'node2'],
];

/** No name of an interface is in these: only the MACs tell. */
const BY_MAC = (n: number) => `dump${n}.pcap`;
const BY_WORD = (_: number, node: string, name: string) => `${node}_${name}`;

for (const [scenario, node] of SCENARIOS) {
  for (const [how, rename] of Object.entries({ BY_MAC, BY_WORD })) {
    test(`${scenario}: captures under other names, told ${how}`, async (t) => {
      const edited = new EditedScenario(t, scenario);
      const expected = await edited.findings();
      const captures = edited.filesOf(node).filter((name) => name.endsWith('.pcap'));
      for (const [n, name] of captures.entries()) {
        edited.write(node, rename(n, node, name), edited.read(node, name)).without(node, name);
      }
      t.deepEqual(await edited.findings(), expected);
    });
  }
}

test('what bears the MACs of no one link keeps the name of its file', async (t) => {
  const edited = new EditedScenario(t, 'backend-silent');
  edited.write('node2', 'pods.pcap', edited.read('node2', 'cni0.pcap')).without('node2', 'cni0.pcap');
  const { attempts } = await edited.analyze();
  const last = attempts[0]!.path.at(-1)!;
  t.is(last.interface, 'pods', 'a port of the bridge would look the same');
});
