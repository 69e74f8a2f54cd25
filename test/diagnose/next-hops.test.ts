/** Requests that may have gone to one of several next hops. */
import test from 'ava';
import { Altered } from './altered.js';

const DEAD = /nobody answers ARP for 192\.168\.1\.99 on lan1/;

test('the one that nobody answers for is told, not the one that serves', async (t) => {
  const { findings } = await new Altered(t, 'not-delivered-dead-next-hop').analyze();
  t.deepEqual(
    findings.map(({ cause, confidence, node }) => [cause, confidence, node]),
    [['not-delivered', 'probable', 'router']],
  );
  t.regex(findings[0]!.summary, DEAD);
  t.notRegex(JSON.stringify([findings[0]!.noFix, findings[0]!.evidence]), /192\.168\.1\.11 |filter for ARP/);
});

test('where no entry tells which of them it is, none is accused', async (t) => {
  const blind = new Altered(t, 'not-delivered-dead-next-hop').edit('router', 'ip-neigh.json', () => '[]');
  for (const { confidence, summary, noFix } of (await blind.analyze()).findings) {
    t.is(confidence, 'possible');
    t.notRegex(`${summary} ${noFix}`, /nobody answers/);
  }
});

test('the one that nobody answers for is taken out of the route, the other kept as it is', async (t) => {
  const { findings } = await new Altered(t, 'not-delivered-dead-next-hop').analyze();
  t.deepEqual(
    findings[0]!.fix?.commands.filter(({ persists }) => !persists),
    [
      {
        node: 'router',
        command: 'ip route replace 192.168.1.100/32 via 192.168.1.11 dev lan1',
        persists: false,
      },
    ],
  );
});

test('a route of a routing daemon is named as one, and what else it says is kept', async (t) => {
  const written = new Altered(t, 'not-delivered-dead-next-hop').edit('router', 'ip-route.json', (text) =>
    text.replace(
      '"dst":"192.168.1.100",',
      '"dst":"192.168.1.100","protocol":"bird","metric":32,"prefsrc":"192.168.1.1",',
    ),
  );
  const { fix } = (await written.analyze()).findings[0]!;
  t.is(
    fix?.commands[0]?.command,
    'ip route replace 192.168.1.100/32 proto bird metric 32 src 192.168.1.1 via 192.168.1.11 dev lan1',
  );
  t.regex(fix!.summary, /protocol bird: that program writes it anew/);
});

test('none is taken out where the link of the other is down', async (t) => {
  const alone = new Altered(t, 'not-delivered-dead-next-hop').edit('router', 'ip-route.json', (text) =>
    text.replace(
      '"gateway":"192.168.1.11","dev":"lan1","weight":1,"flags":[]',
      '"gateway":"192.168.1.11","dev":"lan1","weight":1,"flags":["dead","linkdown"]',
    ),
  );
  const { summary, fix, noFix } = (await alone.analyze()).findings[0]!;
  t.regex(summary, DEAD);
  t.is(fix, null);
  t.regex(noFix ?? '', /lets it reach an address that nobody answers for/);
});

test('of the router alone it is known that the others answer, not what they do with it', async (t) => {
  const alone = new Altered(t, 'not-delivered-dead-next-hop').only('router');
  const { fix } = (await alone.analyze()).findings[0]!;
  t.is(fix?.commands[0]?.command, 'ip route replace 192.168.1.100/32 via 192.168.1.11 dev lan1');
  t.is(
    fix?.expected,
    'router sends all of it via 192.168.1.11 dev lan1; what becomes of it there is in no snapshot.',
  );
});

test('a route that the model cannot write anew has no fix', async (t) => {
  const odd = new Altered(t, 'not-delivered-dead-next-hop').edit('router', 'ip-route.json', (text) =>
    text.replace('"dst":"192.168.1.100",', '"dst":"192.168.1.100","protocol":"no such",'),
  );
  const { summary, fix } = (await odd.analyze()).findings[0]!;
  t.regex(summary, DEAD);
  t.is(fix, null);
});
