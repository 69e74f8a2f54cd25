import type { Analysis, AnalysisProbe } from '../../model/analysis.js';
import { numberText } from '../../model/texts.js';
import { arpingText, PROBE_COLUMNS, probeReport, probeRow } from '../terminal/probes.js';
import { endpointText } from '../terminal/words.js';
import { Table } from './table.js';

const MOST_ROWS = 100;

interface ProbesProps {
  analysis: Analysis;
  /** How many attempts the analysis lists; `analysis` has those alone that are shown. */
  listed: number;
}

/** How connections that were opened on purpose fared beside what was seen of them, and who answered for the VIPs. */
export function ProbesSection({ analysis, listed }: ProbesProps) {
  const { probes = [], arpings = [] } = analysis;
  if (probes.length === 0 && arpings.length === 0) return null;
  return (
    <section id="probe" aria-labelledby="probe-heading">
      <h2 id="probe-heading">Probe</h2>
      {probes.map((probe) => (
        <Probe probe={probe} analysis={analysis} listed={listed} />
      ))}
      {arpings.map((arping) => (
        <p>{arpingText(arping)}</p>
      ))}
    </section>
  );
}

function Probe({ probe, analysis, listed }: ProbesProps & { probe: AnalysisProbe }) {
  const { texts, connections } = probeReport(probe, analysis, listed);
  const more = connections.length - MOST_ROWS;
  const to = endpointText({ address: probe.vip, port: probe.port });
  return (
    <>
      <p>{texts.join(' ')}</p>
      {connections.length > 0 && (
        <Table
          caption={`Connections from ${probe.from ?? 'here'} to ${to} that failed, or are not what was captured`}
          heads={PROBE_COLUMNS.map(({ title, align }) => ({ title, ...(align === 'right' && { align }) }))}
          rows={connections.slice(0, MOST_ROWS).map((one) => probeRow(one, analysis.findings))}
        />
      )}
      {more > 0 && <p class="remark">{`… and ${numberText(more)} more, which --format json lists.`}</p>}
    </>
  );
}
