import { DEVICES, type Draw, type Pool } from './arbitrary-rules.js';

/** Sets of a ground, as `ipset restore` takes them, and their names. */
export interface ArbitrarySets {
  commands: string;
  names: readonly string[];
}

const KINDS = [
  'hash:ip',
  'hash:ip',
  'hash:ip,port',
  'hash:ip,port,ip',
  'hash:ip,port,net',
  'hash:net',
  'hash:net',
  'hash:net,port',
  'hash:net,iface',
  'bitmap:ip',
  'bitmap:port',
];

export function arbitrarySets(draw: Draw, pool: Pool): ArbitrarySets {
  const lines: string[] = [];
  const names: string[] = [];
  for (let i = 0; i < 14; i++) {
    const name = `s${i}`;
    const type = draw.pick(pool.family === 4 ? KINDS : KINDS.filter((kind) => kind !== 'bitmap:ip'));
    lines.push(`create ${name} ${type}${options(draw, pool, type)}`);
    names.push(name);
    const elements = new Set(Array.from({ length: 1 + draw.below(12) }, () => element(draw, pool, type)));
    for (const one of elements) lines.push(`add ${name} ${one}`);
  }
  for (const list of ['l0', 'l1']) {
    lines.push(`create ${list} list:set`);
    for (const name of new Set(draw.times(4, () => draw.pick(names)))) lines.push(`add ${list} ${name}`);
  }
  return { commands: `${lines.join('\n')}\n`, names: [...names, 'l0', 'l1'] };
}

function options(draw: Draw, pool: Pool, type: string): string {
  const family = pool.family === 4 ? '' : ' family inet6';
  switch (type) {
    case 'bitmap:ip':
      return draw.pick([' range 10.1.0.0-10.1.0.255', ' range 10.1.0.0/16', ' range 10.0.0.0/14 netmask 24']);
    case 'bitmap:port':
      return ' range 50-9000';
    case 'hash:ip':
      return `${family}${draw.chance(30) ? ` netmask ${pool.family === 4 ? 24 : 48}` : ''}`;
    default:
      return family;
  }
}

function element(draw: Draw, pool: Pool, type: string): string {
  const address = () => draw.pick([...pool.peers.flat(), ...pool.own, ...pool.virtual, ...pool.virtual]);
  const icmp = pool.family === 4 ? 'icmp:echo-request' : 'icmpv6:echo-request';
  const port = () =>
    draw.pick(['tcp:80', 'tcp:443', 'tcp:8080', 'udp:53', 'udp:80', 'udp:443', 'udp:8080', icmp]);
  const net = () => {
    const lengths = pool.family === 4 ? [8, 16, 24, 30, 32] : [16, 32, 48, 64, 128];
    return `${address()}/${draw.pick(lengths)}`;
  };
  const nomatch = () => (draw.chance(25) ? ' nomatch' : '');
  switch (type) {
    case 'bitmap:ip':
      return draw.pick(['10.1.0.7', '10.1.0.1', '10.1.0.8']);
    case 'bitmap:port':
      return draw.pick(['53', '80', '443', '8080', '70-90', '5000-5010']);
    case 'hash:ip':
      return address();
    case 'hash:ip,port':
      return `${address()},${port()}`;
    case 'hash:ip,port,ip':
      return `${address()},${port()},${address()}`;
    case 'hash:ip,port,net':
      return `${address()},${port()},${net()}${nomatch()}`;
    case 'hash:net':
      return `${net()}${nomatch()}`;
    case 'hash:net,port':
      return `${net()},${port()}${nomatch()}`;
    default: {
      const [device, wildcard] = draw.chance(25) ? ['vx', ' wildcard'] : [draw.pick(DEVICES), ''];
      return `${net()},${draw.chance(10) ? 'physdev:' : ''}${device}${wildcard}${nomatch()}`;
    }
  }
}

/** `-m set …` of one of the sets, with as many sides as the draw will have it. */
export function setMatch(draw: Draw, names: readonly string[]): string {
  const sides = Array.from({ length: draw.pick([1, 2, 2, 3, 3]) }, () => draw.pick(['src', 'dst']));
  const not = draw.chance(25) ? '! ' : '';
  const nomatch = draw.chance(20) ? ' --return-nomatch' : '';
  return `-m set ${not}--match-set ${draw.pick(names)} ${sides.join(',')}${nomatch}`;
}
