/** What `--probe` is told wrongly: one clear line each, before anything is sent or recorded. */
import test from 'ava';
import { returnpath } from './run.js';

const LIVE = ['live', '--node', 'n1=netns://no-such-place', '--duration', '1'];
const VIP = ['--vip', '192.168.1.100'];
const BOTH = [...VIP, '--vip', '2001:db8::66'];

const WRONG: [string[], string][] = [
  [[...LIVE, '--probe', '80'], '--probe 80: name the VIP with --vip'],
  [[...LIVE, ...BOTH, '--probe', '80'], '--probe 80: there are several VIPs; give VIP:80'],
  [
    [...LIVE, ...VIP, '--probe', '192.168.1.101:80'],
    '--probe 192.168.1.101:80: 192.168.1.101 is none of the addresses named with --vip',
  ],
  [
    [...LIVE, ...BOTH, '--probe', '[2001:db8::67]:80'],
    '--probe [2001:db8::67]:80: 2001:db8::67 is none of the addresses named with --vip',
  ],
  ...['0', '65536', 'http', '192.168.1.100', '2001:db8::66:80', '192.168.1.100:', '-1'].map(
    (text): [string[], string] => [
      [...LIVE, ...VIP, `--probe=${text}`],
      `--probe ${text}: not PORT, VIP:PORT or [VIP]:PORT, with a port from 1 to 65535`,
    ],
  ),
  ...['0', '1001', '2.5'].map((text): [string[], string] => [
    [...LIVE, ...VIP, '--probe', '80', '--probe-count', text],
    `--probe-count ${Number(text)}: not a whole number from 1 to 1000`,
  ]),
  ...['0', '51'].map((text): [string[], string] => [
    [...LIVE, ...VIP, '--probe', '80', '--probe-rate', text],
    `--probe-rate ${Number(text)}: not from 0.1 to 50 a second`,
  ]),
  ...['--probe-count', '--probe-rate'].map((flag): [string[], string] => [
    [...LIVE, ...VIP, '--probe', '80', flag, 'x'],
    `${flag} x: is no number`,
  ]),
  ...['--probe-count', '--probe-rate', '--probe-from'].map((flag): [string[], string] => [
    [...LIVE, ...VIP, flag, '1'],
    `${flag}: say with --probe PORT what to connect to`,
  ]),
  [
    [...LIVE, ...VIP, '--probe', '80', '--probe-from', 'n2'],
    '--probe-from n2: no node of this run; there are n1',
  ],
  [[...LIVE, ...VIP, '--arping-from', 'n2'], '--arping-from n2: no node of this run; there are n1'],
  [[...LIVE, '--arping-from', 'n1'], '--arping-from: name the VIP with --vip'],
  [
    [...LIVE, '--vip', '2001:db8::66', '--arping-from', 'n1'],
    '--arping-from: no --vip is IPv4, and IPv6 has no ARP',
  ],
  [['capture', '--probe', '80'], '--probe 80: name the VIP with --vip'],
];

for (const [args, message] of WRONG) {
  test(`${args.filter((arg) => !LIVE.includes(arg)).join(' ')}: ${message}`, async (t) => {
    const { status, stdout, stderr } = await returnpath(args);
    t.deepEqual({ status, stdout, stderr }, { status: 2, stdout: '', stderr: `returnpath: ${message}\n` });
  });
}
