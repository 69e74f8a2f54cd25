/** A node that says itself, by ICMP, that it passed nothing on: who it is, what that error means, and what to ask there. */
import test from 'ava';
import type { Analysis } from '../../src/model/analysis.js';
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
