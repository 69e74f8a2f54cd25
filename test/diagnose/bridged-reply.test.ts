/** A pod that asks for a Service whose pod is on the same bridge, beside twins in which one thing is otherwise. */
import test, { type ExecutionContext } from 'ava';
import { Wire } from '../correlate/neighbours/wire.js';
import { nodeFiles, run } from './lan.js';

const [BRIDGE, PORT_A, PORT_B, POD_A, POD_B] = [1, 2, 3, 4, 5].map((n) => `02:00:00:00:01:0${n}`) as [
  string,
  string,
  string,
  string,
  string,
];
const SERVICE = '10.96.0.10';
const [A, B] = ['10.244.1.10', '10.244.1.11'];

/** Of `ip link`, and packet types of <linux/if_packet.h>: to the host, to another one, outgoing. */
const [cni0, vetha, vethb] = [2, 3, 4];
const [HOST, OTHER, OUT] = [0, 3, 4];

type Seen = [ifindex: number, type: number][];

/** A cooked capture: of each frame, by which interfaces it was seen to go. */
function cooked(wire: Wire, seen: readonly Seen[]): Buffer {
  const head = Buffer.alloc(24);
  for (const [at, value] of [0xa1b23c4d, 0x00040002, 0, 0, 65_535, 276].entries())
    head.writeUInt32LE(value, at * 4);
  const records = wire.frames.flatMap(({ at, source, etherType, payload }, i) =>
    (seen[i % seen.length] ?? []).map(([ifindex, type], nth) => {
      const octets = Buffer.alloc(16 + 20 + payload.length);
      const time = 1_780_000_000_000 + at;
      octets.writeUInt32LE(Math.floor(time / 1000), 0);
      octets.writeUInt32LE(Math.round((time % 1000) * 1_000_000) + nth * 1000, 4);
      octets.writeUInt32LE(20 + payload.length, 8);
      octets.writeUInt32LE(20 + payload.length, 12);
      octets.writeUInt16BE(etherType, 16);
      octets.writeUInt32BE(ifindex, 20);
      octets.writeUInt16BE(1, 24);
      octets.writeUInt8(type, 26);
      octets.writeUInt8(6, 27);
      Buffer.from(source.replaceAll(':', ''), 'hex').copy(octets, 28);
      Buffer.from(payload).copy(octets, 36);
      // The translated request is the one before it, a hop further on.
      if (i % seen.length === 1) {
        octets.writeUInt16BE(i, 36 + 4);
        octets.writeUInt8(62, 36 + 8);
      }
      return octets;
    }),
  );
  return Buffer.concat([head, ...records]);
}

async function found(t: ExecutionContext, sysctl: string, back: Seen, rst: Seen) {
  const wire = new Wire();
  for (const port of [40_001, 40_002, 40_003]) {
    const [asked, answered] = [SERVICE, B].map((server) => ({ client: A!, port, server: server! }));
    for (let i = 0; i < 3; i++) {
      wire.syn(POD_A, BRIDGE, asked!).syn(BRIDGE, POD_B, answered!);
      wire.synAck(POD_B, POD_A, answered!).reset(POD_A, POD_B, answered!, true).wait(1000);
    }
  }
  const there: Seen[] = [
    [
      [vetha!, HOST!],
      [cni0!, HOST!],
    ],
    [
      [cni0!, OUT!],
      [vethb!, OUT!],
    ],
  ];
  const files = nodeFiles([
    { name: 'cni0', mac: BRIDGE, addresses: ['10.244.1.1/24'], kind: 'bridge' },
    { name: 'vetha', mac: PORT_A, addresses: [], master: 'cni0', kind: 'veth' },
    { name: 'vethb', mac: PORT_B, addresses: [], master: 'cni0', kind: 'veth' },
  ]);
  const rules = `*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d ${SERVICE}/32 -p tcp -j DNAT --to-destination ${B}\nCOMMIT\n`;
  const { findings } = await run(
    t,
    {
      node1: {
        ...files,
        'sysctl.txt': `${files['sysctl.txt']}${sysctl}`,
        'iptables-save.txt': rules,
        'any.pcap': cooked(wire, [...there, back, rst]),
      },
    },
    [SERVICE],
  );
  return findings[0]!;
}

const ACROSS: Seen = [
  [vethb!, OTHER!],
  [vetha!, OUT!],
];
const BACK: Seen = [
  [vetha!, OTHER!],
  [vethb!, OUT!],
];
const OFF = 'net.bridge.bridge-nf-call-iptables = 0\n';

test('a reply that its bridge passes on from port to port: br_netfilter has it translated back', async (t) => {
  const { cause, node, interface: name, summary, fix, evidence } = await found(t, OFF, ACROSS, BACK);
  t.deepEqual([cause, node, name], ['untranslated-reply', 'node1', 'vetha']);
  t.regex(summary, /cni0 passes it on between two of its ports, and it does not come to the rules of node1/);
  t.is(fix!.commands[0]!.command, 'sysctl -w net.bridge.bridge-nf-call-iptables=1');
  t.true(evidence.some((e) => e.kind === 'sysctl' && e.text === OFF.trim()));
});

test('where the module is not there, it is loaded first', async (t) => {
  const { fix } = await found(t, '', ACROSS, BACK);
  t.is(fix!.commands[0]!.command, 'modprobe br_netfilter');
});

test('its twins: what is bridged goes through the rules, or the reply came to the bridge itself', async (t) => {
  const on = await found(t, 'net.bridge.bridge-nf-call-iptables = 1\n', ACROSS, BACK);
  const routed = await found(
    t,
    OFF,
    [
      [vethb!, HOST!],
      [cni0!, HOST!],
      [cni0!, OUT!],
      [vetha!, OUT!],
    ],
    BACK,
  );
  for (const { summary, fix } of [on, routed]) {
    t.notRegex(summary, /between two of its ports/);
    t.notRegex(fix?.summary ?? '', /br_netfilter/);
  }
});

/** The pod at vetha asks for the Service, and is sent back its own request, from `source`. */
async function hairpin(t: ExecutionContext, source: string) {
  const wire = new Wire();
  for (let i = 0; i < 3; i++) {
    wire.syn(POD_A, BRIDGE, { client: A!, port: 40_001, server: SERVICE });
    wire.syn(BRIDGE, POD_A, { client: source, port: 40_001, server: A! }).wait(1000);
  }
  wire.wait(6000).ask(BRIDGE, '10.244.1.1', '10.244.1.77');
  const seen: Seen[] = [[[vetha!, HOST!]], [[vetha!, OUT!]]];
  const files = nodeFiles([{ name: 'vetha', mac: BRIDGE, addresses: ['10.244.1.1/24'], kind: 'veth' }]);
  files['ip-link.json'] = String(files['ip-link.json']).replace('"ifindex":2', `"ifindex":${vetha}`);
  const { findings } = await run(t, { node1: { ...files, 'any.pcap': cooked(wire, seen) } }, [SERVICE]);
  return findings[0]!;
}

test('a pod that is its own backend: not masqueraded, its request comes back from itself', async (t) => {
  const { cause, summary } = await hairpin(t, A!);
  t.is(cause, 'undetermined');
  t.regex(summary, /sends it back to 10\.244\.1\.10, which asked, with that address as its source as well/);
});

test('its twin: masqueraded, it comes from the node', async (t) => {
  t.notRegex((await hairpin(t, '10.244.1.1')).summary, /as its source as well/);
});
