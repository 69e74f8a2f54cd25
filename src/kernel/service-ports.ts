/** The ports that a node's rules name for an address: what is served there, when nobody says. */
import type { Snapshot } from '../model/snapshot.js';

export interface ServicePort {
  /** `tcp`, `udp` or `sctp`. */
  protocol: string;
  port: number;
}

/** In the order of the rules, each once. */
export function servicePorts(snapshot: Snapshot, address: string): ServicePort[] {
  const found = new Map<string, ServicePort>();
  const add = (protocol: string, port: number) => {
    if (!found.has(`${protocol} ${port}`)) found.set(`${protocol} ${port}`, { protocol, port });
  };
  for (const text of [snapshot.iptables, snapshot.ip6tables]) addIptables(text ?? '', address, add);
  addNft(snapshot.nft, address, add);
  return [...found.values()];
}

type Add = (protocol: string, port: number) => void;

function addIptables(text: string, address: string, add: Add): void {
  for (const line of text.split('\n')) {
    const destination = / -d (\S+)/.exec(line)?.[1]?.replace(/\/(32|128)$/, '');
    const protocol = / -p (tcp|udp|sctp)\b/.exec(line)?.[1];
    const port = / --dport (\d+)(?= |$)/.exec(line)?.[1];
    if (destination === address && protocol && port && !line.includes(' ! ')) add(protocol, Number(port));
  }
}

const TRANSPORTS = new Set(['tcp', 'udp', 'sctp']);

/** Elements of `ADDRESS . PROTOCOL . PORT`, as kube-proxy's `service-ips` has them, and rules that match the three. */
function addNft(value: unknown, address: string, add: Add): void {
  if (Array.isArray(value)) {
    for (const item of value) addNft(item, address, add);
    return;
  }
  if (value === null || typeof value !== 'object') return;
  const { concat, expr } = value as { concat?: unknown; expr?: unknown };
  if (Array.isArray(concat) && concat[0] === address) {
    const [, protocol, port] = concat as unknown[];
    if (TRANSPORTS.has(String(protocol)) && typeof port === 'number') add(String(protocol), port);
  }
  if (Array.isArray(expr)) addRule(expr, address, add);
  for (const item of Object.values(value)) addNft(item, address, add);
}

interface Match {
  match?: { op?: string; left?: { payload?: { protocol?: string; field?: string } }; right?: unknown };
}

function addRule(statements: readonly unknown[], address: string, add: Add): void {
  const matches = (statements as readonly (Match | null)[])
    .map((s) => s?.match)
    .filter((m) => m?.op === '==');
  const toAddress = matches.some((m) => m?.left?.payload?.field === 'daddr' && m.right === address);
  for (const m of toAddress ? matches : []) {
    const { protocol, field } = m?.left?.payload ?? {};
    if (field === 'dport' && TRANSPORTS.has(protocol ?? '') && typeof m!.right === 'number')
      add(protocol!, m!.right);
  }
}
