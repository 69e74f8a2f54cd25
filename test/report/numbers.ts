/** The numbers of a report, read out of its text in each format as a person would. */
import { type Analysis, OUTCOMES } from '../../src/model/analysis.js';

export interface Numbers {
  /** `192.168.1.100 tcp 24: no-reply 24`, a line a VIP and protocol. */
  totals: string[];
  /** How many attempts there are. */
  attempts: number;
  /** Of those that are shown, by id: `no-reply after 4`, `established, stuck after 1`. */
  shown: Map<string, string>;
  /** `fault rp-filter (confirmed): 4 of 4 connections`. */
  findings: string[];
  /** Packets that the proof of each finding cites; null where it is cut. */
  cited: (number | null)[];
  /** Of each capture file. */
  packets: number[];
  gaps: number;
  /** As the verdict counts them: `4 of 4 connections failed`. */
  consequences: string[];
}

export function ofAnalysis(analysis: Analysis): Omit<Numbers, 'consequences'> {
  const { totals, attempts, findings, inputs, gaps } = analysis;
  const sum = (outcomes: Analysis['totals'][number]['outcomes']) =>
    Object.values(outcomes).reduce((a, b) => a + b, 0);
  return {
    totals: totals.map(({ vip, protocol, outcomes }) =>
      totalLine(
        vip ?? unnamed(analysis, protocol),
        protocol,
        sum(outcomes),
        OUTCOMES.map((outcome) => [outcome, outcomes[outcome]]),
      ),
    ),
    attempts: attempts.length,
    shown: new Map(
      attempts.map(({ id, outcome, tries, delayNs }) => {
        const isHit = findings.some((one) => one.severity === 'fault' && one.attempts.includes(id));
        const isStuck = isHit && outcome === 'established' && !delayNs;
        return [id, `${outcome}${isStuck ? ', stuck' : ''} after ${tries}`];
      }),
    ),
    findings: findings.map(({ severity, cause, confidence, attempts: ids, vip }) => {
      const all = totals
        .filter((total) => total.vip === vip)
        .reduce((n, total) => n + sum(total.outcomes), 0);
      const sure = cause === 'undetermined' ? '' : ` (${confidence})`;
      return `${severity} ${cause}${sure}: ${ids.length === 0 ? 'none' : `${ids.length} of ${all}`}`;
    }),
    cited: findings.map(({ evidence }) => evidence.filter(({ packet }) => packet !== null).length),
    packets: inputs.map((input) => input.packets),
    gaps: gaps.length,
  };
}

/** The server where there is but one, as long as a report shows all attempts. */
function unnamed({ attempts, totals }: Analysis, protocol: string): string {
  const own = attempts.filter((attempt) => attempt.vip === null && attempt.protocol === protocol);
  const servers = new Set(
    own.map(({ server: { address, port } }) =>
      port === null ? address : `${address.includes(':') ? `[${address}]` : address}:${port}`,
    ),
  );
  return servers.size === 1 && totals.length > 0 ? `(${[...servers][0]})` : '(others)';
}

function totalLine(vip: string, protocol: string, total: number, outcomes: [string, number][]): string {
  const seen = outcomes.filter(([, count]) => count > 0).map(([outcome, count]) => `${outcome} ${count}`);
  return `${vip} ${protocol} ${total}: ${seen.sort().join(', ')}`;
}

/** @param report text, terminal (its colours may stay) or Markdown */
export function ofLines(report: string): Numbers {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control sequences.
  const text = report.replace(/\x1b\[[\d;]*m/g, '');
  const lines = text.split('\n');
  const totals = tableOf(lines, ['VIP', 'protocol', 'total']);
  const attempts = tableOf(lines, ['id', 'outcome', 'tries']);
  const sections = text.split(/^(?:## )?(?=(?:FAULT|RISK|INFO) \d+ of \d+: )/m).slice(1);
  return {
    totals: totals.map(({ VIP = '', protocol = '', total = '', outcomes, ...rest }) =>
      totalLine(
        VIP,
        protocol,
        numberOf(total),
        outcomes === undefined
          ? Object.entries(rest)
              .filter(([title]) => !title.startsWith('of which '))
              .map(([outcome, count]) => [outcome, numberOf(count)])
          : outcomesIn(outcomes),
      ),
    ),
    attempts: attempts.length + moreAfter(lines, attempts.length),
    shown: new Map(
      attempts.map(({ id = '', outcome, tries = '' }) => [id, `${outcome} after ${numberOf(tries)}`]),
    ),
    findings: sections.map((section) => {
      const plain = section.replace(/\s+/g, ' ');
      const [, severity = '', cause] =
        /^(\w+) \d+ of \d+: (?:cause )?([\w-]+(?: \(\w+\))?)/.exec(plain) ?? [];
      const affected = /Affected(?::\*\*)? ([\d,]+ of [\d,]+) connection/.exec(plain)?.[1];
      return `${severity.toLowerCase()} ${cause}: ${affected?.replaceAll(',', '') ?? 'none'}`;
    }),
    cited: sections.map((section) => citedIn(section)),
    packets: tableOf(lines, ['node', 'link type', 'packets']).map(({ packets = '' }) => numberOf(packets)),
    gaps: gapsIn(text),
    consequences: consequencesIn(text.slice(0, text.search(/^(?:## )?(?:FAULT|RISK|INFO) \d+ of \d+: /m))),
  };
}

/**
 * The rows of a table by the titles of its columns; cells of several lines are joined.
 *
 * @param titles some of the table, which tell it: with the first it begins, and of the last no cell is empty
 */
function tableOf(lines: readonly string[], titles: readonly string[]): Record<string, string>[] {
  const [first, last] = [titles[0]!, titles.at(-1)!];
  const at = lines.findIndex(
    (line, i) =>
      line.startsWith(`${first} `) &&
      titles.every((title) => line.split(/ {2,}/).includes(title)) &&
      /^[-─]+(?: {2}[-─]+)*$/.test(lines[i + 1] ?? ''),
  );
  if (at < 0) return [];
  const spans = [...lines[at + 1]!.matchAll(/[-─]+/g)].map((match) => [
    match.index,
    match.index + match[0].length,
  ]);
  const heads = spans.map(([from, to]) => lines[at]!.slice(from, to).trim());
  const rows: Record<string, string>[] = [];
  for (const line of lines.slice(at + 2)) {
    if (!/^(?! *(?:\.\.\.|…|!|```))./.test(line)) break;
    const cells = spans.map(([from, to]) => line.slice(from, to).trim());
    const isNew = cells[heads.indexOf(last)] !== '';
    if (isNew) rows.push({});
    for (const [i, cell] of cells.entries()) {
      const row = rows.at(-1)!;
      row[heads[i]!] = [row[heads[i]!] ?? '', cell].join(isNew ? '' : ' ').trim();
    }
  }
  return rows;
}

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}

function outcomesIn(text: string): [string, number][] {
  return [...text.matchAll(/([\d,]*\d) ([a-z-]+)/g)]
    .filter(([, , outcome]) => (OUTCOMES as readonly string[]).includes(outcome!))
    .map(([, count, outcome]) => [outcome!, numberOf(count!)]);
}

function moreAfter(lines: readonly string[], shown: number): number {
  if (shown === 0) return 0;
  const more = lines
    .map((line) => /^(?:\.\.\.|…) and ([\d,]+) more \(--format json/.exec(line)?.[1])
    .find(Boolean);
  return numberOf(more ?? '0');
}

function citedIn(section: string): number | null {
  const from = section.search(/^(?:### )?Proof$/m);
  const proof = section.slice(from).split(/^(?:### )?(?:Ruled out|Path|Fix)\b|^```$(?=\n\n#)/m)[0]!;
  if (from < 0) return 0;
  if (/^\s+(?:\.\.\.|…) and \d+ more$/m.test(proof)) return null;
  const packets = [...proof.replace(/\s+/g, ' ').matchAll(/packets? ((?:\d+, )*\d+)(?: and (\d+) more)?\]/g)];
  return packets.reduce((sum, [, shown, more]) => sum + shown!.split(', ').length + Number(more ?? 0), 0);
}

function gapsIn(text: string): number {
  const from = text.search(/^(?:## )?Capture next$/m);
  if (from < 0) return 0;
  const section = text.slice(from).split(/\n## (?!Capture next)/)[0]!;
  return [...section.matchAll(/^(\d+)\\?\. /gm)].length;
}

/** In order, whatever is between them. */
function consequencesIn(text: string): string[] {
  const plain = text.replace(/\s+/g, ' ');
  return [...plain.matchAll(/([\d,]+) of ([\d,]+) (?:connections?|ways?)\b/g)].map(
    ([, some, all]) => `${some} of ${all}`,
  );
}

export function ofHtml(report: string): Numbers {
  const page = report.replace(/<style>.*?<\/style>|<script>.*?<\/script>/gs, '');
  const section = (id: string) =>
    new RegExp(`<section id="${id}".*?(?=<section id=|</main>)`, 's').exec(page)?.[0] ?? '';
  const connections = section('connections');
  const attempts = rowsOf(connections, 'Attempts, those that failed first');
  const findings = [
    ...page.matchAll(/<section id="finding-\d+" class="finding.*?(?=<section id=|<\/main>)/gs),
  ].map(([whole]) => whole);
  const more = /… and ([\d,]+) more, which --format json lists/.exec(textOf(connections))?.[1];
  return {
    totals: rowsOf(connections, 'How many ended how').map(
      ({ VIP = '', Protocol = '', Total = '', ...rest }) =>
        totalLine(
          VIP,
          Protocol,
          numberOf(Total),
          Object.entries(rest)
            .filter(([title]) => (OUTCOMES as readonly string[]).includes(title))
            .map(([outcome, count]) => [outcome, numberOf(count)]),
        ),
    ),
    attempts: attempts.length + numberOf(more ?? '0'),
    shown: new Map(
      attempts.map(({ Attempt = '', Outcome, Tries = '' }) => [
        Attempt,
        `${Outcome} after ${numberOf(Tries)}`,
      ]),
    ),
    findings: findings.map((whole) => {
      const heading = textOf(/<h2.*?<\/h2>/s.exec(whole)![0]);
      const [, severity, cause] = /^(\w+) \d+ of \d+: (?:cause )?([\w-]+(?: \(\w+\))?)/.exec(heading) ?? [];
      const affected = /Affected\s*([\d,]+ of [\d,]+) connection/.exec(textOf(whole))?.[1];
      return `${severity} ${cause}: ${affected?.replaceAll(',', '') ?? 'none'}`;
    }),
    cited: findings.map((whole) => {
      const proof = /<dl class="proof">.*?<\/dl>/s.exec(whole)?.[0] ?? '';
      if (/<dd class="remark">… and/.test(proof)) return null;
      const places = [...proof.matchAll(/<span class="place">(.*?)<\/span>/gs)].map(([, place]) => place!);
      return places.flatMap((place) => [...place.matchAll(/packet \d+/g)]).length;
    }),
    packets: rowsOf(section('captured'), 'Captures').map(({ Packets = '' }) => numberOf(Packets)),
    gaps: [...section('gaps').matchAll(/<li>/g)].length,
    consequences: consequencesIn(textOf(section('verdict'))),
  };
}

/** By the titles of the columns. */
function rowsOf(html: string, caption: string): Record<string, string>[] {
  const table = [...html.matchAll(/<table.*?<\/table>/gs)]
    .map(([whole]) => whole)
    .find((whole) => textOf(/<caption.*?<\/caption>/s.exec(whole)?.[0] ?? '') === caption);
  const [head, ...rows] = [...(table ?? '').matchAll(/<tr.*?<\/tr>/gs)].map(([row]) =>
    [...row.matchAll(/<t[hd].*?<\/t[hd]>/gs)].map(([cell]) => textOf(cell)),
  );
  return rows.map((row) => Object.fromEntries(row.map((cell, i) => [head![i]!, cell])));
}

function textOf(html: string): string {
  const plain = html
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return plain
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
