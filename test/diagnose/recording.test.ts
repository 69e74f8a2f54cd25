/** What is asked to be captured next: filters that tcpdump takes, and of the IP version that they are about. */
import { execFileSync } from 'node:child_process';
import test, { type ExecutionContext } from 'ava';
import { captureFilter } from '../../src/diagnose/recording.js';
import type { Sighting } from '../../src/model/sighting.js';
import { has } from '../support.js';
import { EditedScenario } from './edited-bundle.js';

const NDP = '(icmp6 and (ip6[40] = 135 or ip6[40] = 136))';

/** The commands of tcpdump among what is asked for. */
async function asked(t: ExecutionContext, scenario: string): Promise<string[]> {
  const { gaps } = await new EditedScenario(t, scenario).analyze();
  return gaps.flatMap(({ capture }) => (capture?.includes('tcpdump') ? [capture] : []));
}

for (const scenario of ['wrong-gateway-ipv6', 'stateful-gateway-ipv6']) {
  test(`${scenario}: neighbour discovery in place of ARP`, async (t) => {
    const commands = await asked(t, scenario);
    t.true(commands.some((command) => command.includes(`host 2001:db8:b0b::45 or ${NDP}'`)));
    for (const command of commands) t.notRegex(command, /\barp\b/);
  });
}

test('wrong-gateway: ARP', async (t) => {
  t.true((await asked(t, 'wrong-gateway')).some((command) => command.includes("host 203.0.113.45 or arp'")));
});

const seen = (address: string) =>
  ({ source: { address, port: 1 }, encapsulations: [] }) as unknown as Sighting;

test('the filter for a lost packet has what resolves addresses of its IP version', (t) => {
  t.is(
    captureFilter(seen('10.0.0.5')),
    'host 10.0.0.5 or udp port 4789 or udp port 8472 or arp or icmp or icmp6',
  );
  t.is(captureFilter(seen('fd00::5')), 'host fd00::5 or udp port 4789 or udp port 8472 or icmp or icmp6');
});

(has(['tcpdump']) ? test : test.skip)('tcpdump takes the filters', async (t) => {
  const filters = [captureFilter(seen('fd00::5')), captureFilter(seen('10.0.0.5')), `host fd00::5 or ${NDP}`];
  for (const filter of filters) {
    t.notThrows(() => execFileSync('tcpdump', ['-y', 'EN10MB', '-d', filter], { stdio: 'pipe' }), filter);
  }
});
