/** What would take a fix back, at the next boot or sooner: only what the snapshots show, and what is documented of it. */
import { sysctlValue } from '../../../kernel/sysctl.js';
import type { FixFile } from '../../../model/analysis.js';
import type { Snapshot } from '../../../model/snapshot.js';
import type { Network } from '../../../network/network.js';
import type { Station } from '../../../network/station.js';
import { changesOf } from '../commands.js';
import type { Step } from '../step.js';
import { undoneByFiles } from './settings-file.js';

/** @param files of the same fix */
export function undoneBy(steps: readonly Step[], network: Network, files: readonly FixFile[]): string[] {
  const found = steps.flatMap((step) => {
    const station = network.station(step.node, step.netns);
    if (!station || step.netns !== null) return [];
    if (!step.command.startsWith('sysctl ')) return byFirewall(station, step);
    // A unit that waits for the device sets them as well.
    const waits = files.some((file) => file.node === step.node && file.manager === 'systemd');
    return waits ? [] : [...byFiles(station, step), ...bySettings(station, step)];
  });
  return [...new Set(found)];
}

function byFiles({ snapshot, node }: Station, { command }: Step): string[] {
  return changesOf(command).flatMap((change) =>
    change.kind === 'sysctl'
      ? undoneByFiles(snapshot.persisted, change.key, change.value).map((line) => `On ${node} ${line}`)
      : [],
  );
}

function bySettings(station: Station, { command }: Step): string[] {
  return changesOf(command).flatMap((change) => {
    const match = change.kind === 'sysctl' ? /^net\.ipv4\.conf\.(.+)\.(\w+)$/.exec(change.key) : null;
    if (!match || change.kind !== 'sysctl') return [];
    const name = match[1]!.replaceAll('/', '.');
    const setting = match[2]!;
    return [byDefault(station, name, setting, change.value), byCalico(station, name, setting)].filter(
      (line) => line !== null,
    );
  });
}

/** inetdev_init(): a device that is made starts with what `default` has. */
function byDefault({ snapshot, node }: Station, name: string, setting: string, value: string): string | null {
  const standing = sysctlValue(snapshot, 'net.ipv4.conf', 'default', setting);
  const made = snapshot.links?.some((link) => link.name === name && link.kind !== null);
  if (standing === null || standing === value || !made || !madeAnew(snapshot, name)) return null;
  if (setting === 'rp_filter' && !isStrictAnew(snapshot, standing)) return null;
  return `conf.default.${setting} is ${standing} on ${node}: ${name} starts with that whenever it is made anew, until udev or systemd-sysctl applies the file to it.`;
}

/** Of `all` and the device's own the greater counts: with no check at all nothing is dropped either. */
function isStrictAnew(snapshot: Snapshot, standing: string): boolean {
  const all = sysctlValue(snapshot, 'net.ipv4.conf', 'all', 'rp_filter');
  return all === null || Math.max(Number(all), Number(standing)) === 1;
}

const MADE: ReadonlySet<string> = new Set(['vxlan', 'geneve', 'ipip', 'wireguard', 'gre', 'bridge', 'veth']);

/** Devices that a network plugin makes after boot. */
function madeAnew({ links }: Snapshot, name: string): boolean {
  return MADE.has(links?.find((link) => link.name === name)?.kind ?? '');
}

/** Felix configures the interfaces of its workloads whenever it programs them. */
function byCalico({ node }: Station, name: string, setting: string): string | null {
  if (setting !== 'rp_filter' || !name.startsWith('cali')) return null;
  return `Calico's Felix on ${node} sets rp_filter of ${name} to 1 whenever it programs that interface.`;
}

const FIREWALLS: readonly { sign: RegExp; what: string }[] = [
  {
    sign: /:(FWD[IO]_|FORWARD_IN_ZONES|INPUT_ZONES)|"name": ?"firewalld"/,
    what: 'firewalld writes its rules anew at each reload: tell it with firewall-cmd --permanent as well',
  },
  {
    sign: /:ufw-before-forward/,
    what: 'ufw writes its rules anew at each reload: put the rule into /etc/ufw/before.rules as well',
  },
];

function byFirewall({ snapshot, node }: Station, { command }: Step): string[] {
  if (!/^(ip6?tables|nft) /.test(command)) return [];
  const text = `${snapshot.iptables ?? ''}${snapshot.ip6tables ?? ''}${snapshot.nft === null ? '' : JSON.stringify(snapshot.nft)}`;
  return FIREWALLS.filter(({ sign }) => sign.test(text)).map(({ what }) => `On ${node} ${what}.`);
}
