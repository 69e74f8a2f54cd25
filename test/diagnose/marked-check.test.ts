/** Where the reverse-path check sees marks (`src_valid_mark`), it judges each packet with the mark that it has by then. */
import test, { type ExecutionContext } from 'ava';
import { EditedScenario } from './edited-bundle.js';

const NODE = 'node1';

/**
 * As recorded, strict on eth1 drops four connections, of ports 40001 to 40004. Added: a mark by PREROUTING for those of
 * 40001, and a rule that has marked packets' way back by eth1. What names the packets that it recorded is left out.
 */
function marking(
  t: ExecutionContext,
  seen: 0 | 1,
  { prerouting = [], input = [] }: { prerouting?: string[]; input?: string[] } = {},
): EditedScenario {
  const rules = [
    '*mangle',
    ':PREROUTING ACCEPT [0:0]',
    ':INPUT ACCEPT [0:0]',
    ...prerouting,
    '-A PREROUTING -p tcp -m tcp --sport 40001 -j MARK --set-xmark 0x100/0xffffffff',
    ...input,
    'COMMIT',
    '',
  ].join('\n');
  return new EditedScenario(t, 'second-nic-strict')
    .edit(NODE, 'kernel.log', (text) => text.replace(/^.*(martian|ll header).*\n/gm, ''))
    .edit(NODE, 'sysctl.txt', (text) => `${text.trimEnd()}\nnet.ipv4.conf.all.src_valid_mark = ${seen}\n`)
    .edit(NODE, 'ip-rule.json', (text) => {
      const marked = { priority: 100, src: 'all', fwmark: '0x100', table: '100' };
      return JSON.stringify([...JSON.parse(text), marked]);
    })
    .edit(NODE, 'ip-route.json', (text) => {
      const way = { dst: 'default', gateway: '10.9.8.1', dev: 'eth1', table: '100', flags: [] };
      return JSON.stringify([...JSON.parse(text), way]);
    })
    .write(NODE, 'iptables-save.txt', rules);
}

/** The clients' ports of the attempts that are explained by the check, with how sure that is. */
async function accused(scenario: EditedScenario): Promise<string[]> {
  const { findings, attempts } = await scenario.analyze();
  return findings
    .filter(({ cause }) => cause === 'rp-filter')
    .flatMap(({ confidence, attempts: ids }) =>
      ids.map((id) => `${attempts.find((one) => one.id === id)!.client.port} ${confidence}`),
    )
    .sort();
}

const confirmed = (ports: readonly number[]) => ports.map((port) => `${port} confirmed`);

test('a packet whose mark makes it pass is not accused; its twin: the check does not see marks', async (t) => {
  t.deepEqual(await accused(marking(t, 1)), confirmed([40002, 40003, 40004]));
  t.deepEqual(await accused(marking(t, 0)), confirmed([40001, 40002, 40003, 40004]));
});

test('what is not known of a later hook has no part in the check', async (t) => {
  const u32 = '-m u32 --u32 "0x0&0xffff=0x0:0xffff"';
  const later = marking(t, 1, { input: [`-A INPUT ${u32} -j DROP`] });
  t.deepEqual(await accused(later), confirmed([40002, 40003, 40004]));
});

test('what may have changed the mark before leaves open what the check says', async (t) => {
  const u32 = '-m u32 --u32 "0x0&0xffff=0x0:0xffff"';
  const before = marking(t, 1, { prerouting: [`-A PREROUTING ${u32} -j MARK --set-xmark 0x200/0xffffffff`] });
  const { findings, gaps } = await before.analyze();
  t.true(findings.length > 0);
  t.notRegex(JSON.stringify([findings, gaps]), /by its routes and settings it ends there/);
});

test('what is told of a packet that the check lets pass is told with its mark', async (t) => {
  const { findings } = await marking(t, 1).analyze();
  const other = findings.find(({ cause }) => cause !== 'rp-filter')!;
  t.is(other.attempts.length, 1);
  t.notRegex(JSON.stringify(other), /strict on eth1/);
});

/** As recorded, and nothing of the kernel's own about the drops; a rule on the packets' ports has their way back by eth1. */
function ported(t: ExecutionContext, selector: Record<string, unknown>): EditedScenario {
  const scenario = new EditedScenario(t, 'second-nic-strict')
    .edit(NODE, 'kernel.log', (text) => text.replace(/^.*(martian|ll header).*\n/gm, ''))
    .edit(NODE, 'ip-rule.json', (text) => {
      return JSON.stringify([...JSON.parse(text), { priority: 100, src: 'all', table: '100', ...selector }]);
    })
    .edit(NODE, 'ip-route.json', (text) => {
      const way = { dst: 'default', gateway: '10.9.8.1', dev: 'eth1', table: '100', flags: [] };
      return JSON.stringify([...JSON.parse(text), way]);
    });
  const records = ['drops.txt', 'nstat-before.json', 'nstat-after.json'];
  return scenario.without(NODE, ...records.filter((file) => scenario.filesOf(NODE).includes(file)));
}

test("the check looks the way back up with the reply's ports, where a rule asks for any: no doubt is left", async (t) => {
  const probable = [40001, 40002, 40003, 40004].map((port) => `${port} probable`);
  // The server's port is the source port of what goes back.
  t.deepEqual(await accused(ported(t, { ipproto: 'tcp', sport: 80 })), []);
  t.deepEqual(await accused(ported(t, { ipproto: 'tcp', dport: 80 })), probable);
  t.deepEqual(await accused(ported(t, { ipproto: 'tcp' })), []);
  t.deepEqual(await accused(ported(t, { ipproto: 'udp', sport: 80 })), probable);
  // A rule for what the node itself sends has nothing dissected.
  t.deepEqual(await accused(ported(t, { ipproto: 'tcp', sport: 80, iif: 'lo' })), probable);
});
