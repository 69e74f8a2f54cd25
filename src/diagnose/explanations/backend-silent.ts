import type { CauseExplanation } from '../../model/cause-explanation.js';

export const backendSilent: CauseExplanation = {
  title: 'the backend got the request and never answered',
  means:
    "The last capture point before the backend saw the request go out to it, and no reply came from there. From here on it is the backend's own kernel and program, not the routes between nodes.",
  shows: [
    "The SYN leaves by the pod's veth or the bridge, again with each retry, and nothing comes back by it.",
    'A full accept queue may drop ACKs alone: the client is connected, its data is not acknowledged, and the SYN-ACK is sent again.',
    'By backend: with several pods, those that fail always fail.',
  ],
  proof: [
    "The request was captured on its way to the backend, and the interface that its reply would come in by was captured too. A capture in the pod's own namespace settles it.",
  ],
  against: [
    'A reply is seen anywhere; the capture ended within a second or two; packets were lost by the capture itself.',
  ],
  lookAlikes: [
    {
      cause: 'rp-filter',
      difference: 'on the REPLY it looks alike where its way in was not captured; see the counters.',
    },
    {
      cause: 'filtered',
      difference:
        "a NetworkPolicy in the pod's namespace, or eBPF at its veth, drops it after the capture point.",
    },
    {
      cause: 'no-route',
      difference: 'a pod without a way to the client cannot answer: ip route in the pod.',
    },
    { cause: 'refused', difference: 'the backend answers, with a RST.' },
  ],
  fix: [
    'See what the pod does: hung, out of memory, accept queue full (ListenOverflows), its own firewall.',
    'A pod that routes through 169.254.1.1 (Calico) cannot resolve it on a node without a default route: give the node one.',
    'A readinessProbe takes such a pod out of the Service.',
  ],
  checks: [
    { command: 'nsenter -t PID -n tcpdump -ni any port PORT', tells: 'PID of a process in the pod' },
    { command: 'nsenter -t PID -n nstat -az TcpExtListenOverflows TcpExtListenDrops', tells: '' },
    { command: 'nsenter -t PID -n ip route get CLIENT; nsenter -t PID -n ip neigh', tells: 'FAILED?' },
    { command: 'nsenter -t PID -n ss -ltn', tells: 'Recv-Q against Send-Q: the accept queue' },
  ],
  sources:
    'tcp_conn_request() in net/ipv4/tcp_input.c; SNMP counters in Documentation/networking/snmp_counter.rst; listen(2); Calico FAQ (169.254.1.1).',
};
