/** What a run without an end shows to a Prometheus: OpenMetrics, by prom-client. */
import { Counter, Gauge, type OpenMetricsContentType, Registry } from 'prom-client';
import { KnownAttempts } from '../../report/live/known-attempts.js';
import { findingKey, isPending, type LiveView, settledFindings } from '../../report/live/view.js';

export class Metrics {
  readonly registry = new Registry<OpenMetricsContentType>();
  readonly #known = new KnownAttempts();
  readonly #attempts: Counter<'vip' | 'protocol' | 'outcome'>;
  readonly #lostReplies: Counter<'vip' | 'protocol'>;
  readonly #findings: Gauge<'vip' | 'node' | 'interface' | 'cause' | 'severity'>;
  readonly #found: Counter<'vip' | 'node' | 'cause' | 'severity'>;
  readonly #owners: Gauge<'vip'>;
  readonly #up: Gauge<'node'>;
  readonly #packets: Counter<'node'>;
  readonly #dropped: Counter<'node'>;
  readonly #analyzed: Gauge;
  /** Findings that are there now. */
  #present = new Set<string>();
  /** Per node, what was counted already. */
  readonly #counted = new Map<string, { packets: number; dropped: number }>();
  /** Made connections that the analysis counts and does not list. */
  readonly #unlisted = new Map<string, number>();

  constructor() {
    this.registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    const registers = [this.registry];
    this.#attempts = new Counter({
      name: 'returnpath_attempts',
      help: 'Connection attempts by how they ended; beyond 10,000 at a time those that were made are estimated.',
      labelNames: ['vip', 'protocol', 'outcome'],
      registers,
    });
    this.#lostReplies = new Counter({
      name: 'returnpath_lost_replies',
      help: 'Connection attempts whose reply was sent and did not come back.',
      labelNames: ['vip', 'protocol'],
      registers,
    });
    this.#findings = new Gauge({
      name: 'returnpath_finding_attempts',
      help: 'Attempts of each finding in the time that is looked back on; gone where nothing is found any more.',
      labelNames: ['vip', 'node', 'interface', 'cause', 'severity'],
      registers,
    });
    this.#found = new Counter({
      name: 'returnpath_findings',
      help: 'Findings that were new when they were made.',
      labelNames: ['vip', 'node', 'cause', 'severity'],
      registers,
    });
    this.#owners = new Gauge({
      name: 'returnpath_address_owners',
      help: 'MACs that answered for the VIP by ARP or NDP in the time that is looked back on; a hand-over makes two.',
      labelNames: ['vip'],
      registers,
    });
    this.#up = new Gauge({
      name: 'returnpath_node_up',
      help: '1 while the node is recorded, else 0.',
      labelNames: ['node'],
      registers,
    });
    this.#packets = new Counter({
      name: 'returnpath_captured_packets',
      help: 'Packets captured on the node.',
      labelNames: ['node'],
      registers,
    });
    this.#dropped = new Counter({
      name: 'returnpath_dropped_packets',
      help: "Packets that the node's kernel could not hand to the capture.",
      labelNames: ['node'],
      registers,
    });
    this.#analyzed = new Gauge({
      name: 'returnpath_analysis_end_timestamp_seconds',
      help: 'When what came was analyzed last.',
      registers,
    });
  }

  update(view: LiveView): void {
    for (const { node, state, packets, dropped } of view.nodes) {
      this.#up.set({ node }, state === 'capturing' ? 1 : 0);
      const counted = this.#counted.get(node) ?? { packets: 0, dropped: 0 };
      this.#packets.inc({ node }, Math.max(0, packets - counted.packets));
      this.#dropped.inc({ node }, Math.max(0, (dropped ?? 0) - counted.dropped));
      this.#counted.set(node, { packets, dropped: dropped ?? counted.dropped });
    }
    const { analysis } = view;
    if (analysis === null) return;
    this.#analyzed.setToCurrentTime();
    this.#countAttempts(view);
    this.#tellFindings(view);
    this.#owners.reset();
    for (const { address, spells } of analysis.owners ?? []) {
      this.#owners.set({ vip: address }, new Set(spells.map(({ mac }) => mac)).size);
    }
  }

  #countAttempts(view: LiveView): void {
    const { attempts, totals } = view.analysis!;
    const listed = new Map<string, number>();
    for (const attempt of attempts) {
      const { protocol, outcome } = attempt;
      const vip = attempt.vip ?? '';
      if (outcome === 'established')
        listed.set(`${vip} ${protocol}`, (listed.get(`${vip} ${protocol}`) ?? 0) + 1);
      if (outcome === 'midstream' || isPending(attempt, view) || !this.#known.take(attempt)) continue;
      this.#attempts.inc({ vip, protocol, outcome });
      if (outcome === 'reply-lost') this.#lostReplies.inc({ vip, protocol });
    }
    for (const { vip: address, protocol, outcomes } of totals) {
      const vip = address ?? '';
      const key = `${vip} ${protocol}`;
      const unlisted = Math.max(0, outcomes.established - (listed.get(key) ?? 0));
      const more = unlisted - (this.#unlisted.get(key) ?? 0);
      if (more > 0) this.#attempts.inc({ vip, protocol, outcome: 'established' }, more);
      this.#unlisted.set(key, unlisted);
    }
  }

  #tellFindings(view: LiveView): void {
    const present = new Set<string>();
    this.#findings.reset();
    for (const finding of settledFindings(view)) {
      const { cause, severity, attempts } = finding;
      const vip = finding.vip ?? '';
      const node = finding.node ?? '';
      this.#findings.set({ vip, node, interface: finding.interface ?? '', cause, severity }, attempts.length);
      const key = findingKey(finding);
      present.add(key);
      if (!this.#present.has(key)) this.#found.inc({ vip, node, cause, severity });
    }
    this.#present = present;
  }
}
