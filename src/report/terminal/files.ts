import type { Analysis } from '../../model/analysis.js';

/** Where the files lie that are named from there on, a sentence; '' where nothing has to be said of it. */
export function whereFilesAre(analysis: Analysis): string {
  if (analysis.capturesKept === false)
    return 'The captures of this run were not kept; live --out DIR keeps them.';
  const directory = commonDirectory(analysis);
  return directory === '' ? '' : `Files are below ${directory}`;
}

/** The directory that all inputs lie in, with its slash; '' where they have none in common. */
function commonDirectory({ inputs }: Analysis): string {
  const [first, ...rest] = inputs.map((input) => input.file.slice(0, input.file.lastIndexOf('/') + 1));
  // The members of an archive lie in it, not in a directory.
  let common = first?.replace(/[^/]*:.*$/, '') ?? '';
  for (const directory of rest) {
    while (!directory.startsWith(common)) common = parentOf(common);
  }
  return common;
}

/** With its slash; '' of the root as well, which names relative to the working directory do not lie in. */
function parentOf(directory: string): string {
  const name = directory.slice(0, -1);
  return name.slice(0, name.lastIndexOf('/') + 1);
}

/** The analysis with files named from their common directory on: a report is read in 80 columns. */
export function withShortFiles(analysis: Analysis): Analysis {
  const directory = commonDirectory(analysis);
  if (directory === '') return analysis;
  const short = (file: string) => (file.startsWith(directory) ? file.slice(directory.length) : file);
  return {
    ...analysis,
    inputs: analysis.inputs.map((input) => ({ ...input, file: short(input.file) })),
    attempts: analysis.attempts.map((attempt) => ({
      ...attempt,
      path: attempt.path.map((step) => ({ ...step, file: short(step.file) })),
    })),
    findings: analysis.findings.map((finding) => ({
      ...finding,
      evidence: finding.evidence.map((item) => ({ ...item, file: item.file && short(item.file) })),
    })),
  };
}
