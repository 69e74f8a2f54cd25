import { isKernelLogName } from './snapshot/join-logs.js';
import { locateSysctlFile } from './snapshot/persisted-sysctl.js';

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
  const settings = locateSysctlFile(path);
  if (settings) return { ...settings, netns: null };
  const log = /^(.*?\/)??(var\/log\/[^/]+)$/.exec(path);
  if (log && isKernelLogName(log[2]!)) {
    return { root: (log[1] ?? '').replace(/\/$/, ''), netns: null, name: log[2]! };
  }
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
// tcpdump -C appends a number to the whole name, -W one with leading zeros.
const CAPTURE = /\.(pcap|pcapng|cap|dmp)\d*$/i;
// Fewer digits are a node's number: `worker-1.pcap`.
const ROTATION = /-\d{4,}$/;
// editcap and dumpcap's ring buffers write `_00001_DATE`.
const RING = /_\d{5}$/;
// What tcpdump -G is mostly given, as `%Y%m%d-%H%M%S`, `%F_%T`, `%F_%H.%M` or `%s`; a date alone as well.
const ROTATION_DATE =
  /(^|[-_.])((19|20)\d{2}([-_.]?)\d{2}\4\d{2}([-_.T]?\d{2}[-_.:]?\d{2}([-_.:]?\d{2}([-_.]\d{3,9})?)?)?(Z|[+-]\d{2}:?\d{2})?|\d{10})$/;

/** Whether a file's name says that it is a capture, compressed or not. */
export function isCaptureName(name: string): boolean {
  return CAPTURE.test(name.replace(COMPRESSED, ''));
}

/** The same for an archive. */
export function isArchiveName(name: string): boolean {
  return ARCHIVE.test(name) || ARCHIVE.test(name.replace(COMPRESSED, ''));
}

/**
 * A capture's name without directories, compression, ending, and rotation number or date: `flannel.1` of
 * `flannel.1-0001.pcap.gz`. Empty where there is nothing else.
 */
export function captureStem(path: string): string {
  const name = baseName(path).replace(COMPRESSED, '').replace(CAPTURE, '');
  const undated = name.replace(ROTATION_DATE, '');
  return undated.replace(undated === name ? ROTATION : RING, '');
}

/** How interfaces are usually named: tells `eth0.pcap` from `node1.pcap` where nothing else does. */
const INTERFACE_LIKE =
  /^(eth|en[opsx]|wl|ww|ib|bond|team|br|virbr|docker|cni|flannel|vx|cali|lxc|veth|vlan|tun|tap|wg|gre|geneve|lo\d*$|kube|weave|cilium|ovn|ovs|any$)/;

/** Whether a capture's stem looks like an interface's name. */
export function namesInterface(stem: string): boolean {
  return INTERFACE_LIKE.test(stem);
}

/** Names of interfaces that are hardly part of a node's: what follows its name in `node1-eth0.pcap`. */
const INTERFACE_BEHIND_NODE =
  /^(.+?)[-_@](any|eth\d+|en[opsx]\w*\d\w*|bond\d+|br\d+|cni\d+|docker\d+|flannel\.\d+|vxlan\.\w+|vxlan\d+|cali[0-9a-f]{11}|ib\d+|team\d+|tun\d+|wg\d+|kube-ipvs0)((?:\.\d+)?)$/;

/** Takes a capture's stem apart where it names a node and an interface of it; null where it does not. */
export function nodeAndInterface(stem: string): { node: string; interface: string } | null {
  const match = namesInterface(stem) ? null : INTERFACE_BEHIND_NODE.exec(stem);
  return match && { node: match[1]!, interface: match[2]! + match[3]! };
}

/** IFNAMSIZ less its NUL: a longer file name is no interface's. */
const MAX_INTERFACE_NAME = 15;

/** Behind an interface's name where its capture was interrupted, and went on in files of another capture. */
const PART = /-part\d+$/;

/** The interface that a plain capture's file name says. A bare capture without `NODE=` may be named after its node. */
export function interfaceHint(name: string, namesNode: boolean): string | null {
  const stem = captureStem(name).replace(PART, '');
  const hint = nodeAndInterface(stem)?.interface ?? stem;
  if (hint.length === 0 || hint.length > MAX_INTERFACE_NAME) return null;
  return namesNode && !namesInterface(hint) ? null : hint;
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
