import test from 'ava';
import { serviceRule } from '../../src/diagnose/service-rule.js';

const RULES: [string, string, RegExp][] = [
  [
    'KUBE-EXTERNAL-SERVICES',
    '-A KUBE-EXTERNAL-SERVICES -d 192.168.1.240/32 -p tcp -m comment --comment "default/web:http has no local endpoints" -m tcp --dport 80 -j DROP',
    /Service default\/web here: its traffic policy is Local, and no ready backend/,
  ],
  [
    'KUBE-XLB-QKNQQNIN727HO3XU',
    '-A KUBE-XLB-QKNQQNIN727HO3XU -m comment --comment "default/web has no local endpoints" -j KUBE-MARK-DROP',
    /Service default\/web here: its traffic policy is Local/,
  ],
  [
    'KUBE-SERVICES',
    '-A KUBE-SERVICES -d 10.96.11.5/32 -p tcp -m comment --comment "my-shop/front-end:http has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable',
    /Service my-shop\/front-end: it has no ready backend on any node/,
  ],
  [
    'KUBE-PROXY-FIREWALL',
    '-A KUBE-PROXY-FIREWALL -d 5.6.7.8/32 -p tcp -m comment --comment "ns5/svc5:p80 traffic not accepted by KUBE-FW-NUKIZ6OKUXPJNT4C" -m tcp --dport 80 -j DROP',
    /none of the loadBalancerSourceRanges of Service ns5\/svc5$/,
  ],
  [
    'KUBE-FIREWALL',
    '-A KUBE-FIREWALL -m comment --comment "kubernetes firewall for dropping marked packets" -m mark --mark 0x8000/0x8000 -j DROP',
    /had marked the packet/,
  ],
  ['KUBE-FORWARD', '-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP', /part of no connection/],
  [
    'service-endpoints-check',
    'ip daddr . meta l4proto . th dport vmap @no-endpoint-services',
    /no backend to hand the request to/,
  ],
  ['reject-chain', 'reject', /no backend to hand the request to/],
  ['nft ip kube-proxy reject-chain', 'reject', /no backend to hand the request to/],
  [
    'nft ip6 kube-proxy firewall-HVFWP5L3-ns5/svc5/tcp/p80',
    'ip6 saddr != 2001:db8::/32 drop (handle 44)',
    /none of the Service's loadBalancerSourceRanges/,
  ],
  ['firewall-check', 'ip daddr . meta l4proto . th dport vmap @firewall-ips', /loadBalancerSourceRanges/],
  [
    'KUBE-POD-FW-GVN5Y6G7G75YPZCR',
    '-A KUBE-POD-FW-GVN5Y6G7G75YPZCR -m comment --comment "rule to REJECT traffic destined for POD name:web-a namespace: shop" -m mark ! --mark 0x10000/0x10000 -j REJECT',
    /into pod shop\/web-a \(kube-router\)/,
  ],
  [
    'cali-tw-cali95aa86cbb2a',
    '-A cali-tw-cali95aa86cbb2a -m comment --comment "cali:FUDVBYh1Yr6tVRgq" -m comment --comment "Drop if no policies passed packet" -m mark --mark 0x0/0x20000 -j DROP',
    /no NetworkPolicy lets it through/,
  ],
];

for (const [chain, text, expected] of RULES) {
  test(`${chain}: ${expected.source}`, (t) => t.regex(serviceRule(text, chain) ?? '', expected));
}

test("a user's own rule means what it says", (t) => {
  for (const [chain, text] of [
    ['FORWARD', '-A FORWARD -s 10.0.0.0/8 -j DROP'],
    ['INPUT', '-A INPUT -m conntrack --ctstate INVALID -j DROP'],
    ['input', 'tcp dport 80 drop comment "no endpoints for you"'],
    ['firewall', 'drop'],
  ] as const) {
    t.is(serviceRule(text, chain), null, text);
  }
});
