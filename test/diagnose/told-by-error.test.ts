/** A node that says itself, by ICMP, that it passed nothing on: who it is, what that error means, and what to ask there. */
import test from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
import { analyzeCooked, icmpError, udp } from '../correlate/cooked.js';
import { EditedScenario } from './edited-bundle.js';
import { withHopsLeft } from './hops-left.js';

const knownOf = ({ findings }: Analysis) => findings[0]!.known ?? '';

test('a router that is in no capture answers: by which error, and what it means', async (t) => {
  const analysis = await new EditedScenario(t, 'filtered-nft-reject').analyze(['worker-a']);
  t.regex(
    knownOf(analysis),
    /^172\.20\.5\.22 answers the requests with ICMP administratively prohibited: a rule of its firewall rejects them/,
  );
  t.true(
    analysis.gaps.some(({ capture }) =>
      capture?.startsWith('iptables-save -c; nft list ruleset; ip route get '),
    ),
  );
});

test('its twin: nobody answered with an error', async (t) => {
  const { findings } = await new EditedScenario(t, 'filtered-forward').analyze(['worker-a']);
  for (const { known } of findings) t.notRegex(known ?? '', /ICMP/);
});

const [CLIENT, VIP, ROUTER] = ['203.0.113.9', '198.51.100.7', '198.51.100.1'];
const asked = (size = 8) =>
  udp({ at: 0, on: 2, way: 'in' }, `${CLIENT}:40000`, `${VIP}:53`, Buffer.alloc(size, 'q'));
const answered = udp({ at: 3, on: 2, way: 'out' }, `${VIP}:53`, `${CLIENT}:40000`, 'answer');
const later = udp({ at: 9, on: 3, way: 'in' }, '10.9.9.9:50000', '10.9.9.8:514', 'x');

test('a client that refuses an answer may have given up before it came: a rule of its firewall is not the only reason', async (t) => {
  const byClient = icmpError({ at: 3.001, on: 2, way: 'in' }, CLIENT, VIP, [3, 3], answered);
  t.is(
    knownOf(await analyzeCooked(t, [asked(), answered, byClient, later])),
    `${CLIENT} answers the replies with ICMP port unreachable: nothing there waits for them any more, or a rule of its firewall rejects them so`,
  );
});

test('a packet that is too large for a link was not dropped in spite of the settings', async (t) => {
  const error = icmpError({ at: 0.001, on: 2, way: 'out' }, ROUTER, CLIENT, [3, 4], asked(1400));
  const analysis = await analyzeCooked(t, [asked(1400), error, later]);
  t.regex(
    knownOf(analysis),
    /^198\.51\.100\.1 answers the requests with ICMP fragmentation needed: they are larger than the link/,
  );
  t.true(analysis.gaps.some(({ capture }) => capture?.endsWith('; ip link show')));
});

test('whether nobody answers for its next hop shows in its own list of neighbours', async (t) => {
  const name = 'tunnel-next-hop-silent';
  const alone = await new EditedScenario(t, name).analyze(['node1']);
  t.regex(
    knownOf(alone),
    /^node1 \(192\.168\.1\.11\) answers the requests with ICMP host unreachable: nobody answers its ARP requests for their next hop, or/,
  );
  t.true(
    alone.findings[0]!.evidence.some(({ text }) =>
      /^192\.168\.1\.12 on eth0: (FAILED|INCOMPLETE)/.test(text),
    ),
  );
  const answered = new EditedScenario(t, name).edit('node1', 'ip-neigh.json', (text) =>
    text.replaceAll(/"(FAILED|INCOMPLETE)"/g, '"REACHABLE"'),
  );
  t.regex(
    knownOf(await answered.analyze(['node1'])),
    /host unreachable: it does not forward where they come in/,
  );
});

test('who sets out with too few hops: how many, and where they are used up', async (t) => {
  const few = new EditedScenario(t, 'routing-loop').editBytes('node1', 'any.pcap', withHopsLeft(9));
  const analysis = await few.analyze(['node1']);
  t.regex(
    knownOf(analysis),
    /^the requests have too few hops left, 9 on node1: the hop limit is used up at 192\.168\.1\.1,/,
  );
  t.true(analysis.gaps.some(({ capture }) => capture?.startsWith('sysctl net.ipv4.ip_default_ttl; ')));
});
