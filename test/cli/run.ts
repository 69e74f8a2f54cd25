import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Analysis } from '../../src/model/analysis.js';
import { ROOT } from '../support.js';

export interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

// Else the tests would be of what the sources were before.
const [compiled, bundled] = ['dist/src/cli/main.js', 'dist/bundle.json'].map(
  (path) => statSync(join(ROOT, path)).mtimeMs,
);
if (bundled! < compiled!) throw new Error('dist/bin is older than dist/src: npm run build');

/** Without what ava says of colours: Node.js 22 warns of both at once, even empty. */
const { NO_COLOR: _, FORCE_COLOR: __, ...ENVIRONMENT } = process.env;

/** Runs the command line as a user would, in the project's root. */
export function returnpath(
  args: readonly string[],
  options: { input?: Uint8Array | string; env?: Record<string, string> } = {},
): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(ROOT, 'bin/returnpath.js'), ...args], {
      cwd: ROOT,
      env: { ...ENVIRONMENT, ...options.env },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
    // A command that fails early closes its input before all of it is written.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

/** The parsed result of `analyze … --format json`, and its exit status. */
export async function analyzeJson(
  args: readonly string[],
): Promise<{ status: number | null; analysis: Analysis; stderr: string }> {
  const { status, stdout, stderr } = await returnpath(['analyze', ...args, '--format', 'json']);
  if (stdout === '') throw new Error(`no result: ${stderr}`);
  return { status, analysis: JSON.parse(stdout) as Analysis, stderr };
}
