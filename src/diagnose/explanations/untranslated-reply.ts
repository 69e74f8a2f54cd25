import type { CauseExplanation } from '../../model/cause-explanation.js';

export const untranslatedReply: CauseExplanation = {
  title: "the reply reaches the client with the backend's address",
  means:
    'The node that took the request in translated its destination (DNAT: VIP to pod). Only its connection tracking can translate the reply back. Here the reply goes round that node, straight from the pod or its node to the client, which knows no connection with the pod and answers with a RST.',
  shows: [
    'A SYN to the VIP, a SYN-ACK from the pod address, a RST of the client to the pod. To the user: time-outs, sometimes "connection reset".',
    'Typical right after rp_filter was made loose, where the pod is on another node and nothing masquerades.',
  ],
  proof: [
    'The three packets alone: the SYN-ACK leaves a node with the source untranslated, and the RST answers it.',
  ],
  against: ['The reply is translated further on, as by a gateway; the RST comes from the backend.'],
  lookAlikes: [
    { cause: 'refused', difference: "the RST comes from the backend's side and answers the SYN." },
    { cause: 'wrong-gateway', difference: 'the reply has the VIP as source, and is lost on another way.' },
    { cause: 'stateful-gateway', difference: 'no translation is missed; a firewall has not seen the reply.' },
  ],
  fix: [
    "Lead the pod's replies back to the node that translated: connections that came in by the overlay are marked and routed back through it (CONNMARK, ip rule fwmark).",
    'Or masquerade what is forwarded to another node, as kube-proxy does under externalTrafficPolicy: Cluster: the client address is lost to the pod.',
    'Or externalTrafficPolicy: Local: the node that takes the request in has the pod; uneven load, and nodes without a pod do not announce.',
  ],
  checks: [
    { command: 'tcpdump -ni any host CLIENT', tells: 'on the client too: who answers, and from where?' },
    { command: 'conntrack -L -s CLIENT', tells: 'on the node that takes it in: [UNREPLIED]' },
    { command: 'ip route get CLIENT from POD iif cni0', tells: "on the pod's node: the way of the reply" },
  ],
  sources:
    'nf_nat_packet() in net/netfilter/nf_nat_core.c; RFC 9293 section 3.5.2 (reset); Kubernetes: "Virtual IPs and Service Proxies", "Using Source IP".',
};
