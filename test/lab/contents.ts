/** The table of contents of fixtures/README.md, one row a scenario. */
import { expectations, namespacesOf, nodesOf, type RecordingForm, type Scenario } from './scenario.js';

const BEGIN = '<!-- scenarios: written by the lab -->';
const END = '<!-- end of scenarios -->';

/** The text of fixtures/README.md with its table as it should be for these scenarios. */
export function withContents(readme: string, scenarios: readonly Scenario[]): string {
  const [before, rest] = readme.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error('fixtures/README.md has no place for the scenarios');
  const rows = scenarios.map(
    (scenario) =>
      `| \`${scenario.name}\` | ${truthOf(scenario)} | ${scenario.description} | ${formOf(scenario)} |`,
  );
  const table = ['| scenario | truth | what it is | recorded |', '| --- | --- | --- | --- |', ...rows];
  return `${before}${BEGIN}\n\n${table.join('\n')}\n\n${END}${after}`;
}

/** In a few words: `rp-filter on node2, flannel.1`. */
export function truthOf(scenario: Pick<Scenario, 'expect' | 'also'>): string {
  const faults = expectations(scenario).map(
    ({ cause, node, interface: device }) =>
      cause + (node ? ` on ${node}` : '') + (device ? `, ${device}` : ''),
  );
  return faults.join('; and ') || 'healthy';
}

const CAPTURES: Record<RecordingForm['captures'], string> = {
  any: 'cooked',
  'per-interface': 'an Ethernet pcap an interface',
  pcapng: 'pcapng',
};

function formOf(scenario: Scenario): string {
  const { captures, compression, container, filter, drops } = scenario.form;
  return [
    nodesOf(scenario)
      .map((node) => [node, ...namespacesOf(scenario, node)].join(' with '))
      .join(', '),
    CAPTURES[captures],
    ...(filter ? [`\`${filter}\``] : []),
    ...(compression === 'none' ? [] : [`.${compression}`]),
    ...(drops ? ['drops'] : []),
    ...(container === 'tar.gz' ? [] : [container]),
  ].join('; ');
}
