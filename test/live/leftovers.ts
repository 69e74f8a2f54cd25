import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, type Ground } from '../lab/ground.js';

// Others on this machine may be recording, too.
process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'returnpath-test-'));
chmodSync(process.env.TMPDIR, 0o1777);
process.once('exit', () => rmSync(process.env.TMPDIR!, { recursive: true, force: true }));

/** What a run may leave behind: settings and processes of the nodes, tracing, temporary and state files. */
export async function leftovers(ground: Ground, nodes: readonly string[]): Promise<Record<string, unknown>> {
  const settings: Record<string, string> = {};
  const programs: Record<string, string[]> = {};
  const namespaces: string[] = [];
  for (const node of nodes) {
    settings[node] = (await ground.run(node, ['sysctl', '-n', 'net.ipv4.conf.all.log_martians'])).trim();
    namespaces.push((await ground.run(node, ['readlink', '/proc/self/ns/net'])).trim());
    const pids = (await command(['ip', 'netns', 'pids', ground.namespace(node)])).split('\n').filter(Boolean);
    const names = pids.map((pid) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' '));
    // The ground's own come and go by themselves.
    programs[node] = names
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.includes('/lab/actors/'))
      .sort();
  }
  const states = listed('/run/returnpath').map((name) => ({
    name,
    text: read(join('/run/returnpath', name)),
  }));
  return {
    settings,
    programs,
    files: readdirSync(tmpdir()).filter((name) => name.startsWith('returnpath-run-')),
    states: states.flatMap(({ name, text }) =>
      namespaces.some((namespace) => text.includes(namespace)) ? [name] : [],
    ),
    // Those of nobody.
    instances: listed('/sys/kernel/tracing/instances').filter(
      (name) => name.startsWith('returnpath-') && !states.some(({ text }) => text.includes(name)),
    ),
  };
}

function listed(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

/** Empty where it is gone. */
export function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
