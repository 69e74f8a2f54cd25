import type { AnalysisAttempt } from '../../model/analysis.js';

/** Choices of one list; a flood has a client a packet. */
const MOST_CHOICES = 200;

interface FilterProps {
  attempts: readonly AnalysisAttempt[];
  causesOf: (attempt: AnalysisAttempt) => string[];
}

/** What picks attempts from the table and the ladders below it. Without script it is not there. */
export function FilterBar({ attempts, causesOf }: FilterProps) {
  return (
    <form id="filter" aria-label="Filter attempts" hidden>
      <Choice label="VIP" name="vip" values={attempts.map(({ vip }) => vip ?? '')} />
      <Choice label="Client" name="client" values={attempts.map(({ client }) => client.address)} />
      <Choice label="Outcome" name="outcome" values={attempts.map(({ outcome }) => outcome)} />
      <Choice label="Cause" name="cause" values={attempts.flatMap(causesOf)} />
      <button type="reset">Show all</button>
      <output name="count" for="vip client outcome cause" />
    </form>
  );
}

function Choice({ label, name, values }: { label: string; name: string; values: readonly string[] }) {
  const choices = [...new Set(values)].filter((value) => value !== '').sort();
  return (
    <label>
      {`${label} `}
      <select name={name} id={name}>
        <option value="">all</option>
        {choices.slice(0, MOST_CHOICES).map((value) => (
          <option value={value}>{value}</option>
        ))}
      </select>
    </label>
  );
}
