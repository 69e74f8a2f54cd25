import { canonicalAddress } from '../../../model/address.js';
import { InputError } from '../../../model/errors.js';
import type { IpvsServer, IpvsService } from '../../../model/snapshot.js';
import { eachLine } from '../lines.js';

/**
 * Reads `ipvsadm -Ln`, `ipvsadm-save -n` (`ipvsadm -Sn`) and /proc/net/ip_vs.
 *
 * @param warn told where some lines cannot be read, as of a listing without `-n`, which cuts names
 * @throws InputError where no line can
 */
export function readIpvs(text: string, file: string, warn: (message: string) => void): IpvsService[] {
  const services: IpvsService[] = [];
  const unread: number[] = [];
  let number = 0;
  let current: IpvsService | null = null;
  const isProc = PROC.test(text);
  for (const line of eachLine(text)) {
    number++;
    const words = (isProc ? withoutHexadecimal(line) : line).trim().split(/\s+/);
    if (words[0] === '' || isHeading(line)) continue;
    if (words[0] === '->' || words[0] === '-a') {
      const server = words[0] === '->' ? listedServer(words) : savedServer(words);
      // Servers of a service that cannot be read are nobody's.
      const owner = words[0] === '->' ? current : ownerOf(words, services);
      if (server && owner) owner.servers.push(server);
      else unread.push(number);
      continue;
    }
    current = words[0] === '-A' ? savedService(words) : listedService(words);
    if (current) services.push(current);
    else unread.push(number);
  }
  if (unread.length === 0) return services;
  const first = `the first is line ${unread[0]}`;
  if (services.length === 0)
    throw new InputError(file, null, `no service as \`ipvsadm -Ln\` prints it; ${first}`);
  warn(`${file}: ${unread.length} lines cannot be read (was it made without \`-n\`?), ${first}`);
  return services;
}

function isHeading(line: string): boolean {
  return /^IP Virtual Server version |^Prot LocalAddress|^ *-> RemoteAddress/.test(line);
}

/** What tells /proc/net/ip_vs by: the kernel's own heading, or an address. */
const PROC = /^ *-> RemoteAddress:Port Forward |^(?:TCP|UDP|SCTP) +[\dA-F]{8}:[\dA-F]{4} /m;

/** A line of /proc/net/ip_vs as ipvsadm prints it (ip_vs_info_seq_show()): `TCP  0A600001:01BB rr persistent 2700000 FFFFFFFF`. */
function withoutHexadecimal(line: string): string {
  return (
    line
      .replace(/^(FWM +)([\dA-F]{8})(?= )/, (_, kind, mark) => `${kind}${Number.parseInt(mark, 16)}`)
      .replace(
        /(?<=^(?:TCP|UDP|SCTP| *->) +)(?:([\dA-F]{8})|(\[[\da-f:]+\])):([\dA-F]{4})(?= )/,
        (_, v4: string | undefined, v6, port) => `${v4 ? dotted(v4) : v6}:${Number.parseInt(port, 16)}`,
      )
      // Its time is in ticks, whose length is not told.
      .replace(/(?<= persistent )\d+ [\dA-F]{8}/, '?')
  );
}

function dotted(hex: string): string {
  return [0, 2, 4, 6].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)).join('.');
}

const PROTOCOLS: Readonly<Record<string, IpvsService['protocol']>> = { TCP: 'tcp', UDP: 'udp', SCTP: 'sctp' };
const FORWARDS: Readonly<Record<string, IpvsServer['forward']>> = {
  Masq: 'masq',
  Route: 'route',
  Tunnel: 'tunnel',
  Local: 'local',
};

/** `TCP  10.96.0.1:443 rr persistent 10800`, `FWM  1 IPv6 wlc` */
function listedService([kind = '', where = '', ...rest]: readonly string[]): IpvsService | null {
  const at = rest.indexOf('persistent');
  const time = rest[at + 1];
  const persistent = at < 0 ? null : time === '?' ? 'unknown' : Number(time ?? Number.NaN);
  if (Number.isNaN(persistent)) return null;
  const [scheduler] = rest.filter((word) => word !== 'IPv6');
  if (scheduler === undefined) return null;
  return service(PROTOCOLS[kind] ?? (kind === 'FWM' ? null : undefined), where, scheduler, persistent);
}

/** `-A -t 10.96.0.1:443 -s rr -p 10800`, `-A -f 1 -s wlc` */
function savedService(words: readonly string[]): IpvsService | null {
  const [flag, where] = savedKey(words);
  const at = words.indexOf('-p');
  // Without a number it is the default.
  const persistent = at < 0 ? null : /^\d+$/.test(words[at + 1] ?? '') ? Number(words[at + 1]) : 300;
  return service(SAVED[flag], where, after(words, '-s') ?? 'wlc', persistent);
}

const SAVED: Readonly<Record<string, IpvsService['protocol']>> = {
  '-t': 'tcp',
  '-u': 'udp',
  '--sctp-service': 'sctp',
  '-f': null,
};

function savedKey(words: readonly string[]): [flag: string, where: string] {
  const flag = Object.keys(SAVED).find((key) => words.includes(key)) ?? '';
  return [flag, after(words, flag) ?? ''];
}

function ownerOf(words: readonly string[], services: readonly IpvsService[]): IpvsService | null {
  const [flag, where] = savedKey(words);
  const key = service(SAVED[flag], where, '', null);
  const same = (one: IpvsService) =>
    one.protocol === key?.protocol &&
    one.address === key.address &&
    one.port === key.port &&
    one.mark === key.mark;
  return services.findLast(same) ?? null;
}

/** @param protocol null for a firewall mark's; undefined is none */
function service(
  protocol: IpvsService['protocol'] | undefined,
  where: string,
  scheduler: string,
  persistent: IpvsService['persistent'],
): IpvsService | null {
  const more = { scheduler, persistent, servers: [] };
  if (protocol === undefined) return null;
  if (protocol === null) {
    return /^\d+$/.test(where) ? { protocol, address: null, port: null, mark: Number(where), ...more } : null;
  }
  const end = endOf(where);
  return end && { protocol, ...end, mark: null, ...more };
}

/** `-> 10.244.1.10:6443  Masq  1  0  0` */
function listedServer([, where = '', forward = '', weight = '']: readonly string[]): IpvsServer | null {
  const end = endOf(where);
  const method = FORWARDS[forward];
  return end && method && /^\d+$/.test(weight) ? { ...end, forward: method, weight: Number(weight) } : null;
}

/** `-a -t 10.96.0.1:443 -r 10.244.1.10:6443 -m -w 1` */
function savedServer(words: readonly string[]): IpvsServer | null {
  const end = endOf(after(words, '-r') ?? '');
  const forward = words.includes('-m') ? 'masq' : words.includes('-i') ? 'tunnel' : 'route';
  return end && { ...end, forward, weight: Number(after(words, '-w') ?? 1) };
}

function after(words: readonly string[], flag: string): string | null {
  const at = words.indexOf(flag);
  return at < 0 ? null : (words[at + 1] ?? null);
}

/** `10.96.0.1:443`, `[fd00::1]:443` */
function endOf(text: string): { address: string; port: number } | null {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([\d.]+)):(\d+)$/.exec(text) ?? [];
  const address = canonicalAddress(bracketed ?? plain ?? '');
  return address === null ? null : { address, port: Number(port) };
}
