/** What looks like a fault of the server, or like any fault, and is none: each beside the twin that is. */
import test, { type ExecutionContext } from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { A, from, node, nodeFiles, ROUTER, run, VIP } from './lan.js';

const HEARD_LATER = (wire: Wire) => wire.wait(6000).ask(A, '192.0.2.11', '192.0.2.77').capture();

/** Answered by a SYN-ACK, which the client resets; `again` if it then sends its SYN again. */
async function reset(t: ExecutionContext, again: boolean) {
  const wire = new Wire();
  for (let port = 40_001; port < 40_004; port++) {
    for (let i = 0; i < (again ? 3 : 1); i++) {
      const c = from(port);
      wire.syn(ROUTER, A, c).synAck(A, ROUTER, c).reset(ROUTER, A, c, true).wait(1000);
    }
  }
  const { findings, attempts } = await run(t, {
    node1: { ...node(A, `${VIP}/32`), 'eth0.pcap': HEARD_LATER(wire) },
  });
  t.true(attempts.every(({ outcome }) => outcome === 'rejected'));
  return findings.map(({ severity, cause, summary }) => [severity, cause, summary] as const);
}

test('a half-open health check resets what is answered and asks no more: no fault', async (t) => {
  const [[severity, cause, summary] = []] = await reset(t, false);
  t.deepEqual([severity, cause], ['info', 'undetermined']);
  t.regex(summary!, /did not ask again .* half-open health checks and port scans/);
});

test('its twin: a client that does not know the reply asks again', async (t) => {
  const [[severity, , summary] = []] = await reset(t, true);
  t.is(severity, 'fault');
  t.regex(summary!, /as to one that it did not ask for/);
});

/** A local server whose replies are routed out by wg0. */
async function unanswered(t: ExecutionContext, flags: string[]) {
  const wire = new Wire();
  for (let i = 0; i < 3; i++) wire.syn(ROUTER, A, from(40_001)).wait(1000);
  const files = nodeFiles([
    { name: 'wg0', mac: '02:00:00:00:00:0e', addresses: ['10.99.0.2/24'] },
    { name: 'eth0', mac: A, addresses: ['192.0.2.11/24', `${VIP}/32`] },
  ]);
  const links = JSON.parse(String(files['ip-link.json'])) as { ifname: string; flags: string[] }[];
  for (const link of links) if (link.ifname === 'wg0') link.flags = flags;
  const routes = JSON.parse(String(files['ip-route.json'])) as Record<string, unknown>[];
  const { findings, gaps } = await run(t, {
    node1: {
      ...files,
      'ip-link.json': JSON.stringify(links),
      'ip-route.json': JSON.stringify(
        routes.map((route) => (route.dst === 'default' ? { dst: 'default', dev: 'wg0', flags: [] } : route)),
      ),
      'nft.json': '{"nftables":[]}',
      'any.pcap': wire.wait(6000).ask(A, '192.0.2.11', '192.0.2.77').cooked(A, 3),
    },
  });
  return { finding: findings[0]!, gaps };
}

test('a reply to a device without carrier is dropped before any capture: no silence of the server', async (t) => {
  const { finding, gaps } = await unanswered(t, ['POINTOPOINT', 'NOARP', 'UP', 'NO-CARRIER']);
  t.is(finding.cause, 'undetermined');
  t.regex(finding.summary, /node1 would send a reply by wg0, which has no carrier/);
  t.regex(gaps[0]!.capture!, /^ip -s link show dev wg0;/);
});

test('its twin: with a carrier the reply would have been captured, and the server is silent', async (t) => {
  const { finding } = await unanswered(t, ['POINTOPOINT', 'NOARP', 'UP', 'LOWER_UP']);
  t.is(finding.cause, 'backend-silent');
});
