/** What a rule is for that Kubernetes' own programs made: their comments and chains tell it. */

interface Meaning {
  /** In the rule's text, or in its chain's name; groups are put in place of `$1`, `$2`. */
  pattern: RegExp;
  why: string;
}

/** Of kube-proxy (pkg/proxy/iptables, pkg/proxy/nftables), kubelet, kube-router and Calico; the narrower come first. */
const MEANINGS: readonly Meaning[] = [
  {
    pattern: /([\w.-]+\/[^\s":]+)(?::[^\s"]*)? has no local endpoints/,
    why: 'kube-proxy drops requests to Service $1 here: its traffic policy is Local, and no ready backend of it runs on this node',
  },
  {
    pattern: /([\w.-]+\/[^\s":]+)(?::[^\s"]*)? has no endpoints/,
    why: 'kube-proxy rejects requests to Service $1: it has no ready backend on any node',
  },
  {
    // The comment is the map element's; the rule alone does not name the Service.
    pattern: /no-endpoint-(?:services|nodeports)|(?:^| )reject-chain$|(?:service|nodeport)-endpoints-check/,
    why: 'kube-proxy has no backend to hand the request to: the Service has none that is ready, or its traffic policy is Local and none runs on this node',
  },
  {
    pattern: /([\w.-]+\/[^\s":]+)(?::[^\s"]*)? traffic not accepted by/,
    why: 'the client is in none of the loadBalancerSourceRanges of Service $1',
  },
  {
    pattern: /firewall-(?:ips|check)|(?:^| )firewall-[A-Z0-9]{8}-/,
    why: "the client is in none of the Service's loadBalancerSourceRanges",
  },
  {
    pattern: /kubernetes firewall for dropping marked packets/,
    why: "kube-proxy had marked the packet to be dropped: the Service's traffic policy is Local and no ready backend of it runs on this node, or the client is in none of its loadBalancerSourceRanges",
  },
  {
    pattern: /block incoming localnet connections/,
    why: 'the kubelet has packets from elsewhere to 127.0.0.0/8 dropped, for route_localnet is on',
  },
  {
    pattern: /KUBE-FORWARD.*\bINVALID\b/,
    why: "kube-proxy drops what conntrack takes as part of no connection: the other direction's packets went another way, or its entry is gone",
  },
  {
    pattern: /rule to REJECT traffic destined for POD name:(\S+) namespace: ?([^\s"]+)/,
    why: 'no NetworkPolicy lets it into pod $2/$1 (kube-router)',
  },
  {
    pattern: /Drop if no (?:policies passed packet|profiles matched)/,
    why: "no NetworkPolicy lets it through (Calico's chain of the pod or the node)",
  },
];

/**
 * Why a rule drops or rejects, where Kubernetes' own programs made it; a clause that goes on a sentence.
 *
 * @param text of the rule, as `iptables-save` or `nft` has it
 * @param chain that it is in, by its name alone or with its tool and table before
 * @returns null for all other rules
 */
export function serviceRule(text: string, chain = ''): string | null {
  for (const { pattern, why } of MEANINGS) {
    const match = pattern.exec(text) ?? pattern.exec(chain) ?? pattern.exec(`${chain} ${text}`);
    if (match) return why.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '');
  }
  return null;
}
