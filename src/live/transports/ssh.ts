import { UsageError } from '../../model/errors.js';
import type { TransportKind } from '../transport.js';

/** Notices within a quarter of a minute that nobody is there any more, and never asks anything. */
const OPTIONS = ['BatchMode=yes', 'ConnectTimeout=10', 'ServerAliveInterval=5', 'ServerAliveCountMax=3'];

/** The system's ssh: its configuration, agent, known hosts and jump hosts. */
export const ssh: TransportKind = {
  scheme: 'ssh',
  usage: 'ssh://[USER@]HOST[:PORT][?sudo][&config=FILE]',
  parse({ hostname, port, username, pathname, searchParams }, name) {
    if (hostname === '' || pathname.replace('/', '') !== '' || hostname.startsWith('-')) {
      throw new UsageError(`${name}: not ssh://[USER@]HOST[:PORT]`);
    }
    for (const key of searchParams.keys()) {
      if (key !== 'sudo' && key !== 'config')
        throw new UsageError(`${name}: ${key} is unknown; there are sudo and config`);
    }
    const config = searchParams.get('config');
    const sudo = searchParams.has('sudo') ? 'sudo -n ' : '';
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    return {
      name,
      argv: (command) => [
        ...['ssh', '-T', ...OPTIONS.flatMap((option) => ['-o', option])],
        ...(config === null ? [] : ['-F', config]),
        ...(port === '' ? [] : ['-p', port]),
        ...(username === '' ? [] : ['-l', decodeURIComponent(username)]),
        // The login shell there may be any: all of them know single quotes.
        ...['--', host, `${sudo}sh -c '${command}' returnpath-agent`],
      ],
    };
  },
};
