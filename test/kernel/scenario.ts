/** What is put into a fresh network namespace, and what is then asked: plain lists, so that they shrink well. */
export interface Scenario {
  family: 4 | 6;
  /** `ip` commands that make the devices. Those that fail are passed over, as all of them are. */
  links: string[];
  /**
   * Sysctls, set in this order. Before routes are added: which hops of a multipath route take part is worked out
   * when links and routes change.
   */
  settings: [key: string, value: number][];
  /** `ip` commands: addresses, routes, rules. */
  commands: string[];
  questions: Question[];
}

/** A question to both the kernel and the model. */
export interface Question {
  to: string;
  from: string | null;
  iif: string | null;
  oif: string | null;
  mark: number;
  tos: number;
  protocol: string;
  sourcePort: number;
  destinationPort: number;
}

/** As `ip route get` takes it. */
export function questionText(q: Question): string {
  const from = q.from === null ? '' : ` from ${q.from}`;
  const device = q.iif !== null ? ` iif ${q.iif}` : q.oif !== null ? ` oif ${q.oif}` : '';
  const tos = q.tos === 0 ? '' : ` tos 0x${q.tos.toString(16)}`;
  return `${q.to}${from}${device} mark ${q.mark}${tos} ipproto ${q.protocol} sport ${q.sourcePort} dport ${q.destinationPort}`;
}

/** What a person would type to see it. */
export function scenarioText({ family, links, settings, commands }: Scenario): string {
  return [
    ...links.map((line) => `ip ${line}`),
    ...settings.map(([key, value]) => `sysctl -w ${key}=${value}`),
    ...commands.map((line) => (isGroup(line) ? `ip ${line}` : `ip -${family} ${line}`)),
  ].join('\n');
}

/** A group of next hops is of no family, and `ip -4` and `ip -6` fail to make one. */
export function isGroup(line: string): boolean {
  return line.startsWith('nexthop add') && line.includes(' group ');
}
