/** Files by the names that they were given under: they are read, and reasoned about, as those of a bundle. */
import type { GivenPart, Inputs } from './correlate/reading/inputs.js';
import type { Evidence, Finding, Gap } from './model/analysis.js';

/** The findings with files by their own names, in evidence and in what is said of the nodes. */
export function withGivenNames({ given }: Pick<Inputs, 'given'>, findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => ({
    ...finding,
    evidence: finding.evidence.map((item) => givenEvidence(item, given)),
    alternatives: finding.alternatives.map((other) => ({
      ...other,
      why: givenText(other.why, finding.node, given),
    })),
  }));
}

/** The same of gaps; their commands write the files that the bundle's format names. */
export function gapsWithGivenNames({ given }: Pick<Inputs, 'given'>, gaps: readonly Gap[]): Gap[] {
  return gaps.map((gap) => ({ ...gap, why: givenText(gap.why, gap.node, given) }));
}

function givenEvidence(item: Evidence, given: Inputs['given']): Evidence {
  const text = givenText(item.text, item.node, given);
  const parts = item.file === null ? null : partsOf(item.file, item.node, given);
  if (!parts) return { ...item, text };
  const { line } = item;
  const part = parts.findLast(({ firstLine }) => line !== null && firstLine <= line) ?? parts[0]!;
  return { ...item, text, file: part.file, line: line === null ? null : line - part.firstLine + 1 };
}

function partsOf(
  name: string,
  node: string | null,
  given: Inputs['given'],
): readonly GivenPart[] | undefined {
  return given.find((own) => own.node === node && own.files.has(name))?.files.get(name);
}

/** A bundle's name for a file, as doubts begin with it. */
const NAME = /\b(?:nft|ip-[a-z]+6?)\.json\b|\bip6?tables-save\.txt\b/g;

function givenText(text: string, node: string | null, given: Inputs['given']): string {
  return text.replace(NAME, (name) => partsOf(name, node, given)?.[0]?.file ?? name);
}
