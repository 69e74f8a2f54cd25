import { createHash } from 'node:crypto';
import { host, isIPv6 } from './addresses.js';

/** A Service as kube-proxy sees it on one node. */
export interface Service {
  namespace: string;
  name: string;
  portName: string;
  clusterIp: string;
  loadBalancerIp: string;
  protocol: 'tcp' | 'udp';
  port: number;
  /** `ADDRESS:PORT` of every ready backend, an IPv6 address in brackets. */
  endpoints: string[];
  /** Whether outside traffic gets the node's own address as its source, as with externalTrafficPolicy Cluster. */
  masquerade: boolean;
}

/**
 * What kube-proxy's iptables mode makes of a Service: the nat table, for `iptables-restore`. Chains are named
 * as kube-proxy names them (pkg/proxy/iptables, `portProtoHash` and `servicePortEndpointChainName`).
 */
export function iptablesRules(service: Service): string {
  const portName = `${service.namespace}/${service.name}:${service.portName}`;
  const { protocol } = service;
  const hash = iptablesHash(`${portName}${protocol}`);
  const comment = (text: string) => `-m comment --comment "${text}"`;
  const to = (address: string) => `-d ${host(address)} -p ${protocol} -m ${protocol} --dport ${service.port}`;
  const chains: string[] = [];
  const jumps: string[] = [];
  for (const [i, endpoint] of service.endpoints.entries()) {
    const chain = `KUBE-SEP-${iptablesHash(`${portName}${protocol}${endpoint}`)}`;
    const left = service.endpoints.length - i;
    const share = left > 1 ? `-m statistic --mode random --probability ${(1 / left).toFixed(10)} ` : '';
    jumps.push(`-A KUBE-SVC-${hash} ${comment(`${portName} -> ${endpoint}`)} ${share}-j ${chain}`);
    chains.push(
      `-A ${chain} -s ${host(addressIn(endpoint))} ${comment(portName)} -j KUBE-MARK-MASQ`,
      `-A ${chain} -p ${protocol} ${comment(portName)} -m ${protocol} -j DNAT --to-destination ${endpoint}`,
    );
  }
  const lines = [
    '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
    '-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING',
    '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN',
    '-A KUBE-POSTROUTING -j MARK --xor-mark 0x4000',
    `-A KUBE-POSTROUTING ${comment('kubernetes service traffic requiring SNAT')} -j MASQUERADE --random-fully`,
    '-A KUBE-MARK-MASQ -j MARK --or-mark 0x4000',
    `-A KUBE-SERVICES ${to(service.clusterIp)} ${comment(`${portName} cluster IP`)} -j KUBE-SVC-${hash}`,
    `-A KUBE-SERVICES ${to(service.loadBalancerIp)} ${comment(`${portName} loadbalancer IP`)} -j KUBE-EXT-${hash}`,
    ...(service.masquerade
      ? [
          `-A KUBE-EXT-${hash} ${comment(`masquerade traffic for ${portName} external destinations`)} -j KUBE-MARK-MASQ`,
        ]
      : []),
    `-A KUBE-EXT-${hash} -j KUBE-SVC-${hash}`,
    ...jumps,
    ...chains,
  ];
  const own = new Set(lines.map((line) => line.split(' ')[1]!).filter((chain) => chain.startsWith('KUBE-')));
  return ['*nat', ...[...own].map((chain) => `:${chain} - [0:0]`), ...lines, 'COMMIT', ''].join('\n');
}

/** What kube-proxy's nftables mode makes of a Service, for `nft -f` (pkg/proxy/nftables, same names). */
export function nftablesRules(service: Service): string {
  const { protocol } = service;
  const ip = isIPv6(service.loadBalancerIp) ? 'ip6' : 'ip';
  const name = `${service.namespace}/${service.name}/${protocol}/${service.portName}`;
  const chain = `service-${nftablesName(name)}`;
  const external = `external-${nftablesName(name)}`;
  const endpoints = service.endpoints.map((endpoint) => ({
    endpoint,
    address: addressIn(endpoint),
    chain: `endpoint-${nftablesName(`${name}__${inChainName(endpoint)}`)}`,
  }));
  return `table ${ip} kube-proxy {
  map service-ips {
    type ${ip === 'ip' ? 'ipv4' : 'ipv6'}_addr . inet_proto . inet_service : verdict
    elements = {
      ${service.clusterIp} . ${protocol} . ${service.port} : goto ${chain},
      ${service.loadBalancerIp} . ${protocol} . ${service.port} : goto ${external}
    }
  }
  chain mark-for-masquerade { meta mark set meta mark or 0x4000; }
  chain masquerading {
    meta mark & 0x4000 == 0 return
    meta mark set meta mark xor 0x4000
    masquerade fully-random
  }
${endpoints
  .map(
    (e) => `  chain ${e.chain} {
    ${ip} saddr ${e.address} jump mark-for-masquerade
    meta l4proto ${protocol} dnat to ${e.endpoint}
  }`,
  )
  .join('\n')}
  chain ${chain} {
    numgen random mod ${endpoints.length} vmap { ${endpoints.map((e, i) => `${i} : goto ${e.chain}`).join(', ')} }
  }
  chain ${external} {
    ${service.masquerade ? 'jump mark-for-masquerade\n    ' : ''}goto ${chain}
  }
  chain services { ${ip} daddr . meta l4proto . th dport vmap @service-ips; }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain nat-output { type nat hook output priority -100; policy accept; jump services; }
  chain nat-postrouting { type nat hook postrouting priority srcnat; policy accept; jump masquerading; }
}
`;
}

/** Names of nftables chains may hold neither brackets nor colons. */
function inChainName(endpoint: string): string {
  return `${addressIn(endpoint).replaceAll(':', '.')}/${/\d+$/.exec(endpoint)![0]}`;
}

function addressIn(endpoint: string): string {
  return endpoint.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

function iptablesHash(text: string): string {
  return base32(createHash('sha256').update(text).digest()).slice(0, 16);
}

function nftablesName(text: string): string {
  return `${base32(createHash('sha256').update(text).digest()).slice(0, 8)}-${text}`;
}

/** RFC 4648 section 6, without padding. */
function base32(bytes: Uint8Array): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  let bits = '';
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0');
  return (bits.match(/.{1,5}/g) ?? [])
    .map((five) => alphabet[Number.parseInt(five.padEnd(5, '0'), 2)])
    .join('');
}
