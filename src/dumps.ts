import type { Inputs } from './correlate/reading/inputs.js';
import { missingFiles, recordingCommand } from './ingest/snapshot/files.js';
import type { Finding, Gap } from './model/analysis.js';

/**
 * What dumps of other tools never hold, and no other input had either: told where a fault is not confirmed, for then it
 * may be what is wanted.
 */
export function dumpGaps({ dumps, snapshots }: Inputs, findings: readonly Finding[]): Gap[] {
  const isWanted = findings.some(
    ({ severity, confidence }) => severity === 'fault' && confidence !== 'confirmed',
  );
  return dumps.flatMap(({ node, source, layout, remark }): Gap[] => {
    const at = { node, interface: null };
    const remarks = remark === null ? [] : [{ ...at, why: `${source}: ${remark}`, capture: null }];
    const ofNode = snapshots.filter((own) => own.node === node && own.netns === null);
    const missing = missingFiles(ofNode).filter(({ name }) => layout.lacks.includes(name));
    if (!isWanted || missing.length === 0) return remarks;
    const notes = layout.notes?.map((note) => `; ${note}`).join('') ?? '';
    const why = `${layout.called} never holds ${listText(missing.map(({ holds }) => holds))}${notes}`;
    return [...remarks, { ...at, why, capture: recordingCommand(missing.map(({ name }) => name)) }];
  });
}

function listText(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}
