import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fixture } from '../support.js';
import { askKernel, type Recorded } from './differential.js';
import type { KernelAnswer } from './namespace.js';
import type { Question, Scenario } from './scenario.js';

/** A scenario with what a kernel said, as fixtures/kernel/NAME.json keeps it. */
export interface Recording {
  name: string;
  /** What it shows, in a sentence. */
  what: string;
  scenario: Scenario;
  recorded: Recorded;
}

/** The settings that decide anything, of the some thousand that there are. */
const DECIDING =
  /\.(rp_filter|accept_local|src_valid_mark|route_localnet|ignore_routes_with_linkdown|bc_forwarding|send_redirects|forwarding|force_forwarding|ip_forward|disable_ipv6|use_oif_addrs_only) /;

interface RecordingFile extends Omit<Scenario, 'questions'> {
  what: string;
  /** Kernel and iproute2 that answered. */
  questions: { question: Question; answer: KernelAnswer }[];
  /** Files of a bundle: JSON as it is, `sysctl.txt` by lines. */
  files: Record<string, unknown[]>;
}

/** Asks the running kernel and writes the fixture. */
export function recordScenario(name: string, what: string, scenario: Scenario): void {
  const { files, answers } = askKernel(scenario);
  const kept = [...files].map(([file, text]): [string, unknown[]] => [
    file,
    file.endsWith('.json') ? JSON.parse(text) : text.split('\n').filter((line) => DECIDING.test(line)),
  ]);
  const { questions, ...rest } = scenario;
  const content: RecordingFile = {
    what,
    ...rest,
    questions: questions.map((question, i) => ({ question, answer: answers[i]! })),
    files: Object.fromEntries(kept),
  };
  writeFileSync(fixture('kernel', `${name}.json`), `${byLines(content)}\n`);
}

/** JSON in which each element of a list has its line: a change of a recording is then seen as what it is. */
function byLines(value: object): string {
  const parts = Object.entries(value).map(([key, part]) => {
    const text = Array.isArray(part)
      ? `[\n${part.map((element) => JSON.stringify(element)).join(',\n')}\n]`
      : part !== null && typeof part === 'object'
        ? byLines(part)
        : JSON.stringify(part);
    return `${JSON.stringify(key)}: ${text}`;
  });
  return `{\n${parts.join(',\n')}\n}`;
}

export function readRecording(path: string): Recording {
  const { what, questions, files, ...rest } = JSON.parse(readFileSync(path, 'utf8')) as RecordingFile;
  const texts = Object.entries(files).map(([file, content]): [string, string] => [
    file,
    file.endsWith('.json') ? JSON.stringify(content) : (content as string[]).join('\n'),
  ]);
  return {
    name: basename(path, '.json'),
    what,
    scenario: { ...rest, questions: questions.map((q) => q.question) },
    recorded: { files: new Map(texts), answers: questions.map((q) => q.answer) },
  };
}
