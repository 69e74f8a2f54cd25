/** What an ipvlan's namespace takes, the node that it is on never routes: its settings are no fault of it. */
import test, { type ExecutionContext } from 'ava';
import { Altered, RULES } from './altered.js';

const HOST = 'worker-a';
const ADDRESS = '172.20.5.200';
/** Of ens192 of the host: an ipvlan has the MAC of what it is made on. */
const MAC = '02:00:ac:14:05:15';

/** As `ip -j` prints them in the namespace: what the device is made on is in another, and has no name there. */
function namespaced(t: ExecutionContext, kind: string): Altered {
  const link = {
    ...{ ifindex: 2, link_index: 2, ifname: 'eth0', flags: ['BROADCAST', 'UP', 'LOWER_UP'], mtu: 1500 },
    ...{ operstate: 'UP', group: 'default', link_type: 'ether', address: MAC, linkinfo: { info_kind: kind } },
  };
  const address = {
    ...{ ifindex: 2, ifname: 'eth0' },
    addr_info: [{ family: 'inet', local: ADDRESS, prefixlen: 24, scope: 'global', label: 'eth0' }],
  };
  const routes = [
    { dst: 'default', gateway: '172.20.5.1', dev: 'eth0', flags: [] },
    { dst: '172.20.5.0/24', dev: 'eth0', protocol: 'kernel', scope: 'link', prefsrc: ADDRESS, flags: [] },
    {
      type: 'local',
      dst: ADDRESS,
      dev: 'eth0',
      table: 'local',
      protocol: 'kernel',
      scope: 'host',
      flags: [],
    },
  ];
  const rules = [0, 32766, 32767].map((priority, i) => ({
    ...{ priority, src: 'all', table: ['local', 'main', 'default'][i] },
  }));
  const file = (name: string, of: unknown) => [`netns/pod-a/${name}`, JSON.stringify(of)] as const;
  return new Altered(t, 'forwarding-off-announcer')
    .without(...RULES)
    .write(HOST, ...file('ip-link.json', [link]))
    .write(HOST, ...file('ip-addr.json', [address]))
    .write(HOST, ...file('ip-route.json', routes))
    .write(HOST, ...file('ip-rule.json', rules))
    .write(HOST, 'netns/pod-a/sysctl.txt', 'net.ipv4.ip_forward = 0\nnet.ipv4.conf.all.rp_filter = 0\n');
}

/** The host's own ipvlan device, as hosts have one to reach their namespaces. */
function withShim(text: string, kind: string): string {
  const links = JSON.parse(text);
  const shim = {
    ...{ ifindex: 99, link: 'ens192', ifname: 'shim0', flags: ['BROADCAST', 'UP', 'LOWER_UP'], mtu: 1500 },
    ...{ operstate: 'UP', group: 'default', link_type: 'ether', address: MAC, linkinfo: { info_kind: kind } },
  };
  return JSON.stringify([...links, shim]);
}

const accused = async (altered: Altered) =>
  (await altered.analyze()).findings.filter(
    ({ cause, node, netns }) => cause !== 'undetermined' && node === HOST && netns === undefined,
  );

test("what is for an ipvlan's address meets no setting of the node", async (t) => {
  t.deepEqual(await accused(namespaced(t, 'ipvlan')), []);
});

test('its twin: to a veth, the node has to forward it', async (t) => {
  const [finding] = await accused(namespaced(t, 'veth'));
  t.is(finding?.cause, 'forwarding-off');
});

test('where the node has ipvlan devices, what is for nobody that is known may be for one of them', async (t) => {
  const altered = (kind: string) =>
    new Altered(t, 'forwarding-off-announcer')
      .without(...RULES)
      .edit(HOST, 'ip-link.json', (text) => withShim(text, kind));
  t.deepEqual(await accused(altered('ipvlan')), []);
  const [finding] = await accused(altered('dummy'));
  t.is(finding?.cause, 'forwarding-off');
});
