import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Actor, command, type Ground } from './ground.js';
import type { RecordingForm } from './scenario.js';

/** Keeps what tells of connections and of who owns an address; UDP holds the tunnels. */
const FILTER = 'arp or icmp or icmp6 or tcp or udp';

/** A file of the bundle and the command whose output it is. */
const SNAPSHOT: [file: string, argv: string[]][] = [
  ['ip-addr.json', ['ip', '-j', 'addr', 'show']],
  ['ip-link.json', ['ip', '-j', '-d', 'link', 'show']],
  ['ip-route.json', ['ip', '-j', '-4', 'route', 'show', 'table', 'all']],
  ['ip-route6.json', ['ip', '-j', '-6', 'route', 'show', 'table', 'all']],
  ['ip-rule.json', ['ip', '-j', '-4', 'rule', 'show']],
  ['ip-rule6.json', ['ip', '-j', '-6', 'rule', 'show']],
  ['ip-neigh.json', ['ip', '-j', 'neigh', 'show']],
  ['sysctl.txt', ['sysctl', '-a', '-r', '^net\\.']],
  ['nft.json', ['nft', '-j', 'list', 'ruleset']],
  ['iptables-save.txt', ['iptables-save']],
  ['ip6tables-save.txt', ['ip6tables-save']],
  ['conntrack.txt', ['conntrack', '-L']],
  ['clock.txt', ['sh', '-c', 'date +%s.%N; cat /proc/uptime']],
];

const NSTAT = ['nstat', '-a', '-s', '-z', '--json'];

/** Records one node, or one namespace of a node, into a directory, as a person would with these commands. */
export class NodeRecorder {
  readonly #ground: Ground;
  readonly #node: string;
  readonly #directory: string;
  readonly #form: RecordingForm;
  #captures: Actor[] = [];

  constructor(ground: Ground, node: string, directory: string, form: RecordingForm) {
    this.#ground = ground;
    this.#node = node;
    this.#directory = directory;
    this.#form = form;
  }

  /** Takes down what can only be told before the traffic. */
  async begin(): Promise<void> {
    await this.#save('nstat-before.json', NSTAT);
  }

  /** Starts the captures; resolved once they run. @param interfaces those worth a capture of their own */
  async capture(interfaces: readonly string[]): Promise<void> {
    for (const [argv, ready] of this.#captureCommands(interfaces)) {
      this.#captures.push(await this.#ground.start(this.#node, argv, ready));
    }
  }

  /** Stops the captures and takes the snapshot. */
  async stop(): Promise<void> {
    for (const capture of this.#captures) await capture.stop();
    await this.#save('nstat-after.json', NSTAT);
    for (const [file, argv] of SNAPSHOT) await this.#save(file, argv);
    // Few nodes have any.
    const sets = await this.#ground.run(this.#node, ['ipset', 'save']);
    if (sets !== '') await this.add('ipset.txt', sets);
    for (const file of this.#captureFiles)
      await compress(join(this.#directory, file), this.#form.compression);
  }

  /** Adds a file that is not the output of a command inside the node. */
  async add(file: string, text: string): Promise<void> {
    const path = join(this.#directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  read(file: string): Promise<string> {
    return readFile(join(this.#directory, file), 'utf8');
  }

  readonly #captureFiles: string[] = [];

  #captureCommands(interfaces: readonly string[]): [argv: string[], ready: RegExp][] {
    const file = (name: string) => {
      this.#captureFiles.push(name);
      return join(this.#directory, name);
    };
    const filter = this.#form.filter ?? FILTER;
    const tcpdump = ['tcpdump', '-Z', 'root', '-p', '-U', '--immediate-mode', '--time-stamp-precision=nano'];
    switch (this.#form.captures) {
      case 'any': {
        const argv = [
          ...tcpdump,
          '-i',
          'any',
          '-y',
          'LINUX_SLL2',
          '-s',
          '128',
          '-w',
          file('any.pcap'),
          filter,
        ];
        return [[argv, /listening on/]];
      }
      case 'per-interface':
        return interfaces.map((name) => [
          [...tcpdump, '-i', name, '-s', '128', '-w', file(`${name}.pcap`), filter],
          /listening on/,
        ]);
      case 'pcapng': {
        const each = interfaces.flatMap((name) => ['-i', name, '-f', filter, '-s', '128', '-p']);
        return [[['dumpcap', '-n', ...each, '-w', file('capture.pcapng')], /File: /]];
      }
    }
  }

  async #save(file: string, argv: string[]): Promise<void> {
    // `sysctl -a` and its like fail on a single key that may not be read, and yet say all the others.
    await this.add(file, await this.#ground.run(this.#node, argv, { mayFail: true }));
  }
}

async function compress(path: string, how: RecordingForm['compression']): Promise<void> {
  if (how === 'none') return;
  if (how === 'gz') await command(['gzip', '-n', '-9', path]);
  else {
    await command(['zstd', '-q', '-19', path]);
    await rm(path);
  }
}

/** The kernel's log since a second before `start`: the one of the whole machine, whatever namespace is meant. */
export function kernelLog(form: RecordingForm['kernelLog'], start: Date): Promise<string> {
  // dmesg compares with a boot time that it rounds; a second earlier loses nothing.
  const since = new Date(start.getTime() - 1000).toISOString().slice(0, 19).replace('T', ' ');
  const format = form === 'dmesg-iso' ? ['--time-format=iso'] : [];
  return command(['dmesg', ...format, '--since', since]);
}
