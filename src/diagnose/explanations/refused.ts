import type { CauseExplanation } from '../../model/cause-explanation.js';

export const refused: CauseExplanation = {
  title: "nothing listens on the backend's port",
  means:
    'The network did its work: the request came to the backend, whose kernel has no socket on that port, and the refusal came back. TCP answers with a RST, UDP with an ICMP port unreachable.',
  shows: [
    'A SYN, and at once a RST with ACK from the backend; the user sees "connection refused" without delay.',
    'Intermittent where one pod of several is not up yet, or listens on 127.0.0.1 alone, or on one IP version.',
  ],
  proof: ["The RST comes from the backend's address and acknowledges the SYN: the packets alone prove it."],
  against: [
    'The RST comes from a node on the way (a REJECT rule; a Service without endpoints), or from the client.',
  ],
  lookAlikes: [
    {
      cause: 'filtered',
      difference:
        'REJECT --reject-with tcp-reset or a Service without endpoints: a node answers, the pod never gets it.',
    },
    { cause: 'untranslated-reply', difference: 'the RST comes from the client and answers a SYN-ACK.' },
    {
      cause: 'backend-silent',
      difference: 'the backend says nothing at all (a full accept queue, a hung host).',
    },
  ],
  fix: [
    "Start the program, or make the Service's targetPort the one that it listens on; listen on 0.0.0.0 or [::].",
    'A readinessProbe keeps a pod out of the Service until it listens. No routing or sysctl will mend this.',
  ],
  checks: [
    { command: 'kubectl get endpointslices -l kubernetes.io/service-name=NAME', tells: 'ports, readiness' },
    { command: 'ss -ltnp', tells: 'in the pod (kubectl exec), or nsenter -t PID -n ss -ltnp' },
    { command: 'curl -v --connect-timeout 5 http://POD:PORT/', tells: "from the pod's node, round the VIP" },
  ],
  sources:
    'RFC 9293 section 3.5.2 (reset); tcp_v4_send_reset() in net/ipv4/tcp_ipv4.c; RFC 1122 section 4.1.3.1 (UDP); Kubernetes: "Debug Services".',
};
