/** Settings that were others when the packets were lost than they are in the snapshot. */
import test, { type ExecutionContext } from 'ava';
import type { Finding } from '../../src/model/analysis.js';
import { Altered } from './altered.js';

const RULE = '-A FORWARD -d 10.244.1.10/32 -p tcp -m tcp --dport 8080 -j DROP';

/** As nft shows a rule of iptables-nft. */
function shown(packets: number) {
  const expr = [{ counter: { packets, bytes: packets * 60 } }, { drop: null }];
  return { rule: { family: 'ip', table: 'filter', chain: 'FORWARD', handle: 9, expr } };
}

/** Strict rp_filter drops every request; by the snapshot it is off again. */
function loosened(t: ExecutionContext): Altered {
  return new Altered(t, 'rp-filter-strict-unlogged').edit('node2', 'sysctl.txt', (text) =>
    text.replaceAll(/(\.rp_filter = )1/g, '$10'),
  );
}

/** And then a rule was put there, that would drop the same. */
function barred(t: ExecutionContext, packets: number): Altered {
  return loosened(t)
    .edit('node2', 'iptables-save.txt', (text) =>
      [
        text,
        '*filter',
        ':INPUT ACCEPT [0:0]',
        ':FORWARD ACCEPT [0:0]',
        ':OUTPUT ACCEPT [0:0]',
        RULE,
        'COMMIT',
        '',
      ].join('\n'),
    )
    .edit('node2', 'nft.json', (text) => {
      const { nftables } = JSON.parse(text) as { nftables: unknown[] };
      const chain = { family: 'ip', table: 'filter', name: 'FORWARD' };
      return JSON.stringify({ nftables: [...nftables, { chain }, shown(packets)] });
    });
}

function texts({ evidence }: Finding): string {
  return evidence.map(({ text }) => text).join('\n');
}

test('what the snapshot lets pass and its node did not: no setting is ruled out, and the counter is told', async (t) => {
  const { findings } = await loosened(t).analyze();
  const [finding] = findings;
  t.deepEqual([finding!.cause, finding!.node, finding!.alternatives], ['undetermined', 'node2', []]);
  t.regex(texts(finding!), /^TcpExtIPReversePathFilter rose by \d+ while capturing$/m);
  t.regex(
    finding!.known ?? '',
    /^node2 got the requests by flannel\.1 and did not pass them on, as by its settings/,
  );
});

test('a reset that began where the request ended is no word of the server’s, whose others are made', async (t) => {
  const { findings } = await new Altered(t, 'changed-reset').analyze();
  t.deepEqual(
    findings.map(({ cause, node }) => [cause, node]),
    [['undetermined', 'node2']],
  );
  t.regex(findings[0]!.summary, /^A RST that began before the server answered connection attempts/);
  t.regex(findings[0]!.known ?? '', /^node2 got the requests by flannel\.1 and did not pass them on/);
});

test('a rule that has counted no packet is accused of none for certain, nor is the check that dropped some ruled out', async (t) => {
  const { findings } = await barred(t, 0).analyze();
  const [finding] = findings;
  t.deepEqual([finding!.cause, finding!.confidence], ['filtered', 'possible']);
  t.regex(texts(finding!), /^that rule has counted no packet: /m);
  t.regex(texts(finding!), /^TcpExtIPReversePathFilter rose by \d+ while capturing$/m);
  t.false(finding!.alternatives.some(({ cause }) => cause === 'rp-filter'));
});

test('its twin: the rule has counted as many as were lost', async (t) => {
  const [finding] = (await barred(t, 16).analyze()).findings;
  t.deepEqual([finding!.cause, finding!.confidence], ['filtered', 'probable']);
  t.notRegex(texts(finding!), /has counted no packet/);
});

test('a route that later requests were not stopped by came after them', async (t) => {
  const blackhole = { type: 'blackhole', dst: '10.244.1.10', flags: [] };
  const altered = new Altered(t, 'changed-filter').edit('node2', 'ip-route.json', (text) =>
    JSON.stringify([...JSON.parse(text), blackhole]),
  );
  const [finding] = (await altered.analyze()).findings;
  t.deepEqual([finding!.cause, finding!.confidence], ['no-route', 'possible']);
  t.regex(
    texts(finding!),
    /^SYN .* came in by flannel\.1 after that, and passed: the settings were others then$/m,
  );
});

/** Every request is lost to rp_filter on node2; by the snapshot an unreachable route is there in its place. */
test('a route that would have answered, where its node answered nothing, is not told as probable', async (t) => {
  const unreachable = { type: 'unreachable', dst: '10.244.1.10', flags: [] };
  const [finding] = (
    await loosened(t)
      .edit('node2', 'ip-route.json', (text) => JSON.stringify([...JSON.parse(text), unreachable]))
      .analyze()
  ).findings;
  t.deepEqual([finding!.cause, finding!.confidence], ['no-route', 'possible']);
  t.regex(texts(finding!), /^IcmpOutDestUnreachs did not move while capturing/m);
});

test('replies to clients that have given up are told as late, and those before them as lost', async (t) => {
  const { findings } = await new Altered(t, 'changed-gateway').analyze();
  const late = findings.find(({ summary }) => summary.startsWith('The client reset a reply that came late'));
  t.deepEqual([late?.cause, late?.severity], ['undetermined', 'fault']);
  t.regex(
    late!.summary,
    /replies sent up to \d\.\d s before got no answer: .* seen last leaving by ens18 on lb-3/,
  );
  t.false(findings.some(({ summary }) => summary.includes('half-open health checks')));
});

test('a backend whose frames were for another MAC is not told as silent', async (t) => {
  const [finding] = (await new Altered(t, 'changed-entry').analyze()).findings;
  t.is(finding!.cause, 'undetermined');
  t.regex(
    finding!.known ?? '',
    /in frames for the MAC 02:00:0a:f4:01:63, and has 10\.244\.1\.10 at 02:00:0a:f4:01:0a/,
  );
});
