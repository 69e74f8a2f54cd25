import type { Snapshot } from '../model/snapshot.js';
import type { Doubts } from './doubts.js';

/** The key of an interface's setting as `sysctl -a` prints it: `net.ipv4.conf.flannel/1.rp_filter`. */
export function sysctlKey(tree: string, name: string, setting: string): string {
  return `${tree}.${name.replaceAll('.', '/')}.${setting}`;
}

/**
 * An interface's setting as the file has it, null where it has none: `sysctlValue(snapshot, 'net.ipv4.conf',
 * 'flannel.1', 'rp_filter')`.
 */
export function sysctlValue(snapshot: Snapshot, tree: string, name: string, setting: string): string | null {
  return snapshot.sysctl?.get(sysctlKey(tree, name, setting)) ?? null;
}

/**
 * What is assumed of a setting that the snapshot does not tell: the kernel's default (`send_redirects` is on),
 * except that forwarding is taken as on. So an assumption alone never makes a verdict of a drop.
 */
const ASSUMED: Readonly<Record<string, number>> = { forwarding: 1, send_redirects: 1 };

/** How the kernel joins `conf.all` and an interface's own value: inetdevice.h, IN_DEV_*CONF(). */
export interface JoinedSetting {
  value: number;
  all: number;
  own: number;
}

/** The settings of interfaces as numbers. What is missing is assumed, and told to the caller's `doubts`. */
export class InterfaceSettings {
  private readonly snapshot: Snapshot;
  private readonly tree: string;
  private readonly cache = new Map<string, Map<string, number | null>>();

  /** @param tree `net.ipv4.conf` or `net.ipv6.conf` */
  constructor(snapshot: Snapshot, tree: string) {
    this.snapshot = snapshot;
    this.tree = tree;
  }

  /** An interface's own value (IN_DEV_CONF_GET). */
  own(name: string, setting: string, doubts: Doubts): number {
    const value = this.known(name, setting);
    if (value !== null) return value;
    const key = sysctlKey(this.tree, name, setting);
    const assumed = ASSUMED[setting] ?? 0;
    const where = this.snapshot.sysctl ? `sysctl.txt has no ${key}` : `sysctl.txt is missing (${key})`;
    doubts.add(`${where}: taken as ${assumed}`);
    return assumed;
  }

  /** IN_DEV_MAXCONF: rp_filter. */
  max(name: string, setting: string, doubts: Doubts): JoinedSetting {
    const all = this.own('all', setting, doubts);
    const own = this.own(name, setting, doubts);
    return { value: Math.max(all, own), all, own };
  }

  /** IN_DEV_ORCONF: accept_local, route_localnet, src_valid_mark, send_redirects, … */
  or(name: string, setting: string, doubts: Doubts): boolean {
    // One that is known to be on decides, whatever the other is.
    if (this.known('all', setting) || this.known(name, setting)) return true;
    return this.own('all', setting, doubts) !== 0 || this.own(name, setting, doubts) !== 0;
  }

  /** IN_DEV_ANDCONF: bc_forwarding. */
  and(name: string, setting: string, doubts: Doubts): boolean {
    return this.own('all', setting, doubts) !== 0 && this.own(name, setting, doubts) !== 0;
  }

  /** An interface's own value; null where the snapshot does not tell it. */
  known(name: string, setting: string): number | null {
    let values = this.cache.get(name);
    if (!values) {
      values = new Map();
      this.cache.set(name, values);
    }
    let value = values.get(setting);
    if (value === undefined) {
      const text = sysctlValue(this.snapshot, this.tree, name, setting);
      value = text !== null && /^-?\d+$/.test(text) ? Number(text) : null;
      values.set(setting, value);
    }
    return value;
  }
}
