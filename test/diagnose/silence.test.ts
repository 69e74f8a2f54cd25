/** The silent ones: nothing drops the packet by any setting, and what is said rests on what captures would have shown. */
import test from 'ava';
import { Altered, NSTAT, RULES } from './altered.js';

const first = (findings: readonly string[]) => findings.map((f) => f.split(' ')[0]);

test('backend-silent: handed over, and the way back was captured', async (t) => {
  const { findings, gaps } = await new Altered(t, 'backend-silent').analyze();
  const { cause, confidence, node, interface: name, alternatives } = findings[0]!;
  t.deepEqual(
    [findings.length, cause, confidence, node, name],
    [1, 'backend-silent', 'probable', 'node2', 'cni0'],
  );
  t.true(['not-delivered', 'refused', 'filtered'].every((c) => alternatives.some((a) => a.cause === c)));
  t.regex(gaps[0]!.capture!, /ss -ltn/);
  t.deepEqual(await new Altered(t, 'backend-answers').findings(), []);
});

test('backend-silent: a backend that does not even answer ARP', async (t) => {
  t.deepEqual(first(await new Altered(t, 'backend-silent-wrong-address').findings()), ['backend-silent']);
});

test('not backend-silent where the device to the backend was not captured', async (t) => {
  const altered = new Altered(t, 'backend-silent').without('cni0.pcap', 'conntrack.txt');
  t.deepEqual(first(await altered.findings()), ['undetermined']);
});

test('not backend-silent where the settings are not known that could drop the reply', async (t) => {
  const altered = new Altered(t, 'backend-silent').without(
    'ip-route.json',
    'conntrack.txt',
    ...RULES,
    ...NSTAT,
  );
  t.deepEqual(first(await altered.findings()), ['undetermined']);
});

test('not backend-silent where a reply came to the node, as its conntrack says', async (t) => {
  const replied = (text: string) => text.replaceAll('[UNREPLIED] ', '');
  const altered = new Altered(t, 'backend-silent').edit('node2', 'conntrack.txt', replied);
  t.deepEqual(first(await altered.findings()), ['undetermined']);
});

test('not-delivered: sent out, and the interface where it had to come in was captured', async (t) => {
  const { findings } = await new Altered(t, 'not-delivered-port-down').analyze();
  t.deepEqual(
    [findings[0]!.cause, findings[0]!.confidence, findings[0]!.node, findings[0]!.interface],
    ['not-delivered', 'possible', 'router', 'lan1'],
  );
});

test('not not-delivered where nothing was captured there', async (t) => {
  const altered = new Altered(t, 'not-delivered-port-down').uncaptured('node1').uncaptured('node2');
  t.deepEqual(first(await altered.findings()), ['undetermined']);
});

test('not-delivered: nobody answers ARP for the VIP, and the router says so', async (t) => {
  const { findings, gaps } = await new Altered(t, 'not-delivered-unanswered').analyze();
  const fault = findings.find((f) => f.severity === 'fault')!;
  t.deepEqual([fault.cause, fault.confidence, fault.node], ['not-delivered', 'probable', 'router']);
  t.regex(fault.summary, /nobody answers ARP for 192\.168\.1\.100/);
  t.true(gaps.some((gap) => gap.node === 'router' && /arping/.test(gap.capture ?? '')));
});

test('undetermined: where the packet went on uncaptured, that is what to capture', async (t) => {
  const { findings, gaps } = await new Altered(t, 'forwarding-off').only('worker-a').analyze();
  t.is(findings[0]!.cause, 'undetermined');
  t.regex(gaps[0]!.why, /where nothing was captured/);
  t.regex(gaps[0]!.capture!, /^tcpdump -i 'any'/);
});

test('rp-filter at a node whose captures are filtered to the VIP: its martian lines name the packet', async (t) => {
  t.deepEqual(await new Altered(t, 'filter-host-vip').findings(), ['rp-filter confirmed node2 flannel.1']);
});
