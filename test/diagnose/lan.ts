/** Nodes on one link, by files and frames made by hand. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { analyze } from '../../src/analyze.js';
import type { Analysis, Finding } from '../../src/model/analysis.js';
import { type Conversation, Wire } from '../correlate/neighbours/wire.js';
import { scratch } from '../scratch.js';

export const ROUTER = '02:00:00:00:00:01';
export const A = '02:00:00:00:00:0a';
export const B = '02:00:00:00:00:0b';
export const STRANGER = '00:1b:21:00:00:0c';
export const GATEWAY = '192.0.2.1';
export const VIP = '192.0.2.100';
export const VIP6 = '2001:db8::100';

export const from = (port: number): Conversation => ({ client: '198.51.100.5', port, server: VIP });

/** Files of a bundle: `ip -j` output with what matters here. */
export interface Bundle {
  [file: string]: Uint8Array | string;
}

export interface Nic {
  name: string;
  mac: string;
  /** `ADDRESS/LENGTH` */
  addresses: string[];
  master?: string;
  kind?: string;
}

export function nodeFiles(nics: readonly Nic[], sysctl: Record<string, number> = {}): Bundle {
  const links = nics.map(({ name, mac, master, kind }, i) => ({
    ifindex: i + 2,
    ifname: name,
    flags: ['BROADCAST', 'MULTICAST', 'UP', 'LOWER_UP'],
    mtu: 1500,
    operstate: 'UP',
    group: 'default',
    link_type: 'ether',
    address: mac,
    ...(master ? { master } : {}),
    ...(kind ? { linkinfo: { info_kind: kind } } : {}),
  }));
  const addresses = nics.map(({ name, addresses: own }, i) => ({
    ifindex: i + 2,
    ifname: name,
    flags: [],
    addr_info: own.map((text) => {
      const [local, length] = text.split('/') as [string, string];
      const family = local.includes(':') ? 'inet6' : 'inet';
      return { family, local, prefixlen: Number(length), scope: 'global' };
    }),
  }));
  const routes = nics.flatMap(({ name, addresses: own }) =>
    own.flatMap((text) => {
      const [local] = text.split('/') as [string];
      if (local.includes(':')) return [];
      const mine = {
        type: 'local',
        dst: local,
        dev: name,
        table: 'local',
        protocol: 'kernel',
        scope: 'host',
        prefsrc: local,
        flags: [],
      };
      if (text.endsWith('/32')) return [mine];
      const net = {
        dst: `${local.replace(/\d+$/, '0')}/24`,
        dev: name,
        protocol: 'kernel',
        scope: 'link',
        prefsrc: local,
        flags: [],
      };
      return [mine, net];
    }),
  );
  const names = ['all', 'default', ...nics.map((nic) => nic.name)];
  const settings = {
    rp_filter: 0,
    arp_ignore: 0,
    arp_announce: 0,
    arp_filter: 0,
    forwarding: 1,
    proxy_arp: 0,
    ...sysctl,
  };
  const lines = names.flatMap((name) =>
    Object.entries(settings).map(([key, value]) => `net.ipv4.conf.${name}.${key} = ${value}`),
  );
  return {
    'ip-link.json': JSON.stringify(links),
    'ip-addr.json': JSON.stringify(addresses),
    'ip-route.json': JSON.stringify([
      ...routes,
      { dst: 'default', gateway: GATEWAY, dev: nics[0]!.name, flags: [] },
    ]),
    'ip-rule.json': JSON.stringify([
      { priority: 0, src: 'all', table: 'local' },
      { priority: 32766, src: 'all', table: 'main' },
      { priority: 32767, src: 'all', table: 'default' },
    ]),
    'ip-route6.json': '[]',
    'ip-rule6.json': '[]',
    'sysctl.txt': `${lines.join('\n')}\nnet.ipv4.ip_forward = 1\n`,
    'iptables-save.txt': '',
  };
}

export const node = (mac: string, ...own: string[]) =>
  nodeFiles([{ name: 'eth0', mac, addresses: ['192.0.2.11/24', ...own] }]);

export async function run(
  t: ExecutionContext,
  nodes: Record<string, Bundle>,
  vips = [VIP],
): Promise<Analysis> {
  const root = scratch(t);
  for (const [name, files] of Object.entries(nodes)) {
    mkdirSync(join(root, name));
    for (const [file, content] of Object.entries(files)) writeFileSync(join(root, name, file), content);
  }
  const inputs = Object.keys(nodes).map((name) => join(root, name));
  return analyze(inputs, { vips, keepGoing: false, attempts: 'all', warn: () => {} });
}

export const conflicts = ({ findings }: Analysis) => findings.filter((f) => f.cause === 'arp-conflict');
export const faults = ({ findings }: Analysis) =>
  findings.filter((f) => f.severity === 'fault').map((f) => f.cause);
export const claimants = (finding: Finding | undefined) =>
  finding?.claimants.map((c) => `${c.node} ${c.interface} ${c.mac}`);

/** The router asks, `macs` answer, and its SYN goes to the first of them. */
export function asked(macs: readonly string[], wire = new Wire()): Wire {
  wire.ask(ROUTER, GATEWAY, VIP);
  for (const mac of macs) wire.answer(mac, VIP, ROUTER, GATEWAY);
  return wire;
}

export const refusedBy = (wire: Wire, mac: string, port: number) =>
  wire.syn(ROUTER, mac, from(port)).reset(mac, ROUTER, from(port));
export const madeBy = (wire: Wire, mac: string, port: number) =>
  wire.syn(ROUTER, mac, from(port)).synAck(mac, ROUTER, from(port)).ack(ROUTER, mac, from(port));
export const lostAt = (wire: Wire, mac: string, port: number) =>
  wire
    .syn(ROUTER, mac, from(port))
    .wait(1000)
    .syn(ROUTER, mac, from(port))
    .wait(2000)
    .syn(ROUTER, mac, from(port))
    .wait(4000);
