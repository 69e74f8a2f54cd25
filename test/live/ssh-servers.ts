/** OpenSSH servers of one's own, one in each network namespace, with keys of their own. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command, type Ground } from '../lab/ground.js';

export const SSHD = '/usr/sbin/sshd';

/**
 * Each connection starts a server in the node's namespace, by ssh's own means: no network has to lead there, and its
 * process is the one that is killed to cut the connection.
 *
 * @returns the file for `ssh -F`
 */
export async function serveSsh(ground: Ground, nodes: readonly string[], directory: string): Promise<string> {
  // Where sshd drops its rights to.
  await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const key = join(directory, 'client');
  await command(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const hosts: string[] = [];
  for (const node of nodes) {
    const hostKey = join(directory, `host-${node}`);
    await command(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
    const server = join(directory, `sshd-${node}`);
    await writeFile(
      server,
      [
        `HostKey ${hostKey}`,
        `AuthorizedKeysFile ${key}.pub`,
        'StrictModes no',
        'PermitRootLogin prohibit-password',
        'UsePAM no',
        'PidFile none',
        '',
      ].join('\n'),
    );
    hosts.push(
      `Host ${node}`,
      `  ProxyCommand ip netns exec ${ground.namespace(node)} ${SSHD} -i -f ${server}`,
      `  HostKeyAlias ${node}`,
    );
  }
  const config = join(directory, 'ssh-config');
  await writeFile(
    config,
    [
      'Host *',
      '  User root',
      `  IdentityFile ${key}`,
      '  IdentitiesOnly yes',
      `  UserKnownHostsFile ${join(directory, 'known-hosts')}`,
      '  StrictHostKeyChecking accept-new',
      '  LogLevel ERROR',
      ...hosts,
      '',
    ].join('\n'),
  );
  return config;
}
