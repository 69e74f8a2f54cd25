/** Where in a bundle a member lies. */
export interface BundlePath {
  /** Directory of the bundle within what was given; '' for its top. */
  root: string;
  /** From `netns/NAME/`; null for the node's own. */
  netns: string | null;
  /** Path below the bundle (or below its `netns/NAME/`): `any.pcap`, `kube/services.json`. */
  name: string;
}

/** Takes a member's path apart by the bundle layout. */
export function locate(path: string): BundlePath {
  const parts = path.split('/');
  const name = parts.pop()!;
  const netnsAt = parts.lastIndexOf('netns');
  if (netnsAt >= 0 && netnsAt + 1 < parts.length) {
    const below = parts.slice(netnsAt + 2);
    return {
      root: parts.slice(0, netnsAt).join('/'),
      netns: parts[netnsAt + 1]!,
      name: [...below, name].join('/'),
    };
  }
  if (parts.at(-1) === 'kube') {
    return { root: parts.slice(0, -1).join('/'), netns: null, name: `kube/${name}` };
  }
  return { root: parts.join('/'), netns: null, name };
}

const COMPRESSED = /\.(gz|tgz|zst|xz)$/i;
const ARCHIVE = /\.(tar|tgz)$/i;
// tcpdump -C appends a number to the whole name, -W one with leading zeros; editcap and ring buffers `-0001` or `_00001_DATE`.
const CAPTURE = /\.(pcap|pcapng|cap|dmp)\d*$/i;
const ROTATION = /(-\d+|_\d{5}_\d{14})$/;

/** Whether a file's name says that it is a capture, compressed or not. */
export function isCaptureName(name: string): boolean {
  return CAPTURE.test(name.replace(COMPRESSED, ''));
}

/** A capture's name without directories, compression, ending and rotation number: `flannel.1` of `flannel.1-0001.pcap.gz`. */
export function captureStem(path: string): string {
  return baseName(path).replace(COMPRESSED, '').replace(CAPTURE, '').replace(ROTATION, '');
}

/** The name of a directory or archive without `.tar`, `.tar.gz` or `.tgz`. */
export function archiveStem(path: string): string {
  return baseName(path)
    .replace(/\.tgz$/i, '')
    .replace(COMPRESSED, '')
    .replace(ARCHIVE, '');
}

function baseName(path: string): string {
  return path.replace(/\/+$/, '').split('/').at(-1) ?? path;
}
