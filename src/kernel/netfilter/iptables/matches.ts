import { CONNECTION_MATCHES } from './conntrack.js';
import { HISTORY_MATCHES } from './history.js';
import { IP_MATCHES } from './ip.js';
import { each, type MatchExtension, negatedIf, type Test, tests } from './match.js';
import { rpfilter } from './rpfilter.js';
import { set } from './set.js';
import { TRANSPORT_MATCHES } from './transport.js';
import { masked, numberRange, wholeNumber } from './values.js';

const comment: MatchExtension = { options: { '--comment': 1 }, compile: () => tests(() => true) };
/** Counts, and lets all pass. */
const nfacct: MatchExtension = { options: { '--nfacct-name': 1 }, compile: () => tests(() => true) };

const mark: MatchExtension = {
  options: { '--mark': 1 },
  compile: (options) =>
    each(options, ({ not, values }) => {
      const wanted = masked(values[0]);
      return wanted && negatedIf(not, (packet) => (packet.mark & wanted.mask) >>> 0 === wanted.value);
    }),
};

const statistic: MatchExtension = {
  options: { '--mode': 1, '--probability': 1, '--every': 1, '--packet': 1 },
  compile: (options) => {
    const value = (name: string) => options.find((option) => option.name === name);
    const [probability, every] = [value('--probability'), value('--every')];
    const chance = probability
      ? Number(probability.values[0])
      : every
        ? 1 / Number(every.values[0])
        : Number.NaN;
    if (!(chance >= 0 && chance <= 1)) return null;
    const not = probability?.not || every?.not;
    return {
      kind: 'chance',
      chance: not ? 1 - chance : chance,
      every: every ? Number(every.values[0]) : null,
    };
  },
};

/** physdev_mt(): what did not come by a bridge's port matches what is asked for with a `!` alone. */
const physdev: MatchExtension = {
  options: {
    '--physdev-in': 1,
    '--physdev-out': 1,
    '--physdev-is-in': 0,
    '--physdev-is-out': 0,
    '--physdev-is-bridged': 0,
  },
  compile: (options) => {
    const elsewhere = options.every(({ not }) => not);
    return tests((packet, node) => {
      const names = [packet.iif, packet.oif].filter((name) => name !== null);
      const bridged = names.some((name) => name !== 'lo' && node.link(name)?.kind === 'bridge');
      const known = names.every((name) => name === 'lo' || node.link(name) !== null);
      return known && !bridged ? elsewhere : null;
    }, 'which bridge port a packet came by is not known');
  },
};

/** owner_mt(): packets that are passed on have no owner. */
const owner: MatchExtension = {
  options: { '--uid-owner': 1, '--gid-owner': 1, '--socket-exists': 0, '--suppl-groups': 0 },
  compile: (options) =>
    each(
      options.filter(({ name }) => name !== '--suppl-groups'),
      ({ name, not, values }): Test | null => {
        const range =
          name === '--uid-owner' ? numberRange((values[0] ?? '').replace('-', ':'), 0xffffffff) : null;
        if (name === '--uid-owner' && !range) return null;
        return negatedIf(not, ({ iif, uid }) => {
          if (iif !== null) return false;
          if (name === '--socket-exists') return true;
          return range && uid !== null ? uid >= range[0] && uid <= range[1] : null;
        });
      },
      "the packet's sender is not known",
    ),
};

/** iptables-save prints a group by its name where `/etc/iproute2/group` has one, as `ip link` does. */
const devgroup: MatchExtension = {
  options: { '--src-group': 1, '--dst-group': 1 },
  compile: (options) =>
    each(
      options,
      ({ name, not, values: [value = ''] }) => {
        const wanted = masked(value.replace(/^default$/, '0'));
        return negatedIf(not, (packet, node) => {
          const device = name === '--src-group' ? packet.iif : packet.oif;
          const group = device === null ? '' : node.link(device)?.group;
          if (group === undefined || group === value) return group === undefined ? null : true;
          const number = group === 'default' ? 0 : wholeNumber(group);
          return wanted && number !== null ? (number & wanted.mask) === wanted.value : wanted ? null : false;
        });
      },
      "the interface's group is not known",
    ),
};

/** XFRM policies are taken not to be. */
const policy: MatchExtension = {
  options: {
    '--dir': 1,
    '--pol': 1,
    '--strict': 0,
    '--next': 0,
    '--reqid': 1,
    '--spi': 1,
    '--proto': 1,
    '--mode': 1,
    '--tunnel-src': 1,
    '--tunnel-dst': 1,
  },
  compile: (options) =>
    tests(() => options.some(({ name, values }) => name === '--pol' && values[0] === 'none')),
};

/** Every match that is understood, by its name behind `-m`. Any other is said to be unknown, and matches nothing. */
const MATCHES: Readonly<Record<string, MatchExtension>> = {
  ...TRANSPORT_MATCHES,
  ...CONNECTION_MATCHES,
  ...IP_MATCHES,
  ...HISTORY_MATCHES,
  rpfilter,
  set,
  comment,
  nfacct,
  mark,
  statistic,
  physdev,
  owner,
  devgroup,
  policy,
};

export function matchExtension(name: string): MatchExtension | null {
  return Object.hasOwn(MATCHES, name) ? MATCHES[name]! : null;
}
