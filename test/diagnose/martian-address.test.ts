/** Packets with an address that the kernel takes from nobody: told apart from a backend that does not answer. */
import test, { type ExecutionContext } from 'ava';
import { Altered, RULES } from './altered.js';

const CLIENT = '203.0.113.45';

/** A machine that no rule keeps from taking the request in, and that has the client's address itself, or not. */
const server = (t: ExecutionContext, own: boolean) => {
  const open = new Altered(t, 'filtered-input').without('drops.txt', ...RULES);
  open.write('lb-3', 'nft.json', '{"nftables":[]}').write('lb-3', 'iptables-save.txt', '');
  if (!own) return open;
  const added = (name: string, entry: object) =>
    open.edit('lb-3', name, (text) => JSON.stringify([...JSON.parse(text), entry]));
  added('ip-route.json', {
    ...{ type: 'local', dst: CLIENT, dev: 'lo', table: 'local', protocol: 'kernel', scope: 'host' },
    ...{ prefsrc: CLIENT, flags: [] },
  });
  return open.edit('lb-3', 'ip-addr.json', (text) => {
    const [lo, ...rest] = JSON.parse(text);
    lo.addr_info.push({ family: 'inet', local: CLIENT, prefixlen: 32, scope: 'global', label: 'lo' });
    return JSON.stringify([lo, ...rest]);
  });
};

test("a client that has one of the machine's own addresses: what the settings say is why is told", async (t) => {
  const { findings, gaps } = await server(t, true).analyze();
  t.deepEqual(
    findings.map((f) => f.cause),
    ['undetermined'],
  );
  t.regex(
    findings[0]!.known!,
    /lb-3 takes the request for a martian packet and drops it: 203\.0\.113\.45 is an address/,
  );
  t.true(gaps.some(({ capture }) => /net\.ipv4\.conf\.ens19\.accept_local/.test(capture ?? '')));
});

test('its twin with another address', async (t) => {
  const { findings } = await server(t, false).analyze();
  t.true(findings.every(({ known }) => !/martian/.test(known ?? '')));
});

test('a pod that is its own backend is no silent one', async (t) => {
  const { findings } = await new Altered(t, 'undetermined-own-backend').analyze();
  t.deepEqual(
    findings.map((f) => [f.cause, f.node, f.interface]),
    [['undetermined', 'edge-7', 'veth5b1d9e70']],
  );
  t.regex(
    findings[0]!.known!,
    /sends it back to 10\.112\.3\.19, which asked, .* has to be masqueraded before/,
  );
});
