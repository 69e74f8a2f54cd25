import test from 'ava';
import { Altered } from './altered.js';

test("tunnel packets come to a port that the node's VXLAN device does not have", async (t) => {
  const { findings, gaps } = await new Altered(t, 'tunnel-ports-differ').analyze();
  t.is(findings.length, 1);
  const { cause, node, known, evidence } = findings[0]!;
  t.deepEqual([cause, node], ['undetermined', 'node2']);
  t.is(
    known,
    'node2 gets the VXLAN packets that carry the requests at UDP port 8472, where none of its VXLAN devices listens (flannel.1, of VNI 1, listens at 4789), and answers with ICMP port unreachable',
  );
  t.true(evidence.some((e) => e.file?.endsWith('ip-link.json') && /dstport 4789/.test(e.text)));
  t.regex(gaps[0]!.capture!, /ip -d link show type vxlan/);
});

test('one that has the port, and one that takes every VNI, are not named', async (t) => {
  const same = new Altered(t, 'tunnel-ports-differ').edit('node2', 'ip-link.json', (text) =>
    text.replace('"port":4789', '"port":8472'),
  );
  const external = new Altered(t, 'tunnel-ports-differ').edit('node2', 'ip-link.json', (text) =>
    text.replace('"port":4789', '"port":4789,"external":true'),
  );
  for (const altered of [same, external]) {
    t.regex((await altered.analyze()).findings[0]!.known!, /answers the requests with ICMP port unreachable/);
  }
});

test('one that is down has no socket at its port', async (t) => {
  const down = new Altered(t, 'tunnel-ports-differ').edit('node2', 'ip-link.json', (text) =>
    JSON.stringify(
      JSON.parse(text.replace('"port":4789', '"port":8472')).map(
        (link: { ifname: string; flags: string[] }) =>
          link.ifname === 'flannel.1' ? { ...link, flags: ['BROADCAST', 'MULTICAST'] } : link,
      ),
    ),
  );
  const { findings, gaps } = await down.analyze();
  t.regex(findings[0]!.known!, /none of its VXLAN devices listens \(flannel\.1, of VNI 1, is down\)/);
  t.true(gaps.some(({ why }) => why.startsWith('what set flannel.1 down')));
});

test('what the device was handed and no tunnel packet carries: the capture shows that, and the record why', async (t) => {
  const recorded = await new Altered(t, 'tunnel-without-far-end').analyze();
  const words = 'node2 handed the replies to flannel.1 and sent no VXLAN packet that carries them';
  t.is(recorded.findings[0]!.known, `${words}: its kernel knew no far end for them (NO_TX_TARGET)`);
  t.regex(recorded.gaps[0]!.capture!, /bridge fdb show dev 'flannel\.1'/);
  t.regex(recorded.gaps[0]!.why, /the MAC 02:00:0a:f4:00:00 of the next hop 10\.244\.0\.0/);
  const bare = await new Altered(t, 'tunnel-without-far-end').without('drops.txt').analyze();
  t.is(bare.findings[0]!.known, words);
});

test('a capture whose filter hides tunnel packets is no proof that there was none', async (t) => {
  const { findings } = await new Altered(t, 'filter-tcp-port').analyze();
  for (const { known } of findings) t.is(known, undefined);
});
