/** A macvlan device, as keepalived makes it for VRRP (use_vmac): what is for its MAC is none of the device's that it is made on. */
import test, { type ExecutionContext } from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { A, from, nodeFiles, ROUTER, run, VIP } from './lan.js';

const VIRTUAL = '00:00:5e:00:01:33';

/** Requests come in by eth0, whose check is strict, and go back by eth1; that of the virtual device is off. */
async function findingsFor(t: ExecutionContext, mac: string) {
  const wire = new Wire();
  for (let port = 40_001; port < 40_004; port++) {
    for (let i = 0; i < 3; i++) wire.syn(ROUTER, mac, from(port)).wait(1000);
  }
  const files = nodeFiles([
    { name: 'eth1', mac: '02:00:00:00:00:0e', addresses: ['192.0.2.130/25'] },
    { name: 'eth0', mac: A, addresses: ['192.0.2.11/32'] },
    { name: 'vrrp.51', mac: VIRTUAL, addresses: [`${VIP}/32`], kind: 'macvlan' },
  ]);
  const links = JSON.parse(String(files['ip-link.json'])) as { ifname: string; link?: string }[];
  for (const link of links) if (link.ifname === 'vrrp.51') link.link = 'eth0';
  const sysctls = String(files['sysctl.txt'])
    .replaceAll('.vrrp.51.', '.vrrp/51.')
    .replace('eth0.rp_filter = 0', 'eth0.rp_filter = 1');
  const { findings } = await run(t, {
    node1: {
      ...files,
      'ip-link.json': JSON.stringify(links),
      'sysctl.txt': sysctls,
      'nft.json': '{"nftables":[]}',
      'eth0.pcap': wire.wait(6000).ask(A, '192.0.2.11', '192.0.2.77').capture(),
    },
  });
  return findings.map((f) => `${f.cause} ${f.confidence} ${f.node} ${f.interface}`);
}

test("what is for the virtual MAC meets the virtual device's reverse-path check, not that of the one below", async (t) => {
  const findings = await findingsFor(t, VIRTUAL);
  t.deepEqual(
    findings.filter((finding) => finding.startsWith('rp-filter')),
    [],
  );
});

test('its twin: what is for the MAC of the device below meets that one', async (t) => {
  t.deepEqual(await findingsFor(t, A), ['rp-filter probable node1 eth0']);
});
