import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { UsageError } from '../../model/errors.js';
import type { TransportKind } from '../transport.js';

/** Has tcpdump, iproute2, nftables and the like. */
const IMAGE = 'nicolaka/netshoot';
const POD = /\bpod\/?\s+(node-debugger-[a-z0-9.-]+)/;

/** A debugging pod in the node's own network namespace, which is deleted afterwards. */
export const kubectl: TransportKind = {
  scheme: 'kubectl',
  usage: 'kubectl://NODE[?image=IMAGE][&context=NAME][&namespace=NAME]',
  parse({ host, pathname, searchParams }, name) {
    const node = decodeURIComponent(host);
    if (node === '' || node.startsWith('-') || pathname.replace('/', '') !== '') {
      throw new UsageError(`${name}: not kubectl://NODE`);
    }
    const given = { image: IMAGE, context: '', namespace: '' };
    for (const [key, value] of searchParams) {
      if (!(key in given))
        throw new UsageError(`${name}: ${key} is unknown; there are image, context and namespace`);
      given[key as keyof typeof given] = value;
    }
    const { image, context, namespace } = given;
    const common = [
      ...(context === '' ? [] : [`--context=${context}`]),
      ...(namespace === '' ? [] : [`--namespace=${namespace}`]),
    ];
    return {
      name,
      argv: (command) => [
        ...['kubectl', ...common, 'debug', `node/${node}`, `--image=${image}`, '--profile=sysadmin'],
        ...['--stdin', '--', 'sh', '-c', command, 'returnpath-agent'],
      ],
      async cleanUp(said) {
        const pod = POD.exec(said)?.[1];
        if (pod) await promisify(execFile)('kubectl', [...common, 'delete', 'pod', pod, '--wait=false']);
      },
    };
  },
};
