/** Matches on what went before, which is in no snapshot. */
import { type MatchExtension, tests, unknown } from './match.js';

const recent: MatchExtension = {
  options: {
    '--set': 0,
    '--rcheck': 0,
    '--update': 0,
    '--remove': 0,
    '--seconds': 1,
    '--reap': 0,
    '--hitcount': 1,
    '--rttl': 0,
    '--name': 1,
    '--mask': 1,
    '--rsource': 0,
    '--rdest': 0,
  },
  compile: (options) => {
    const asks = options.find(({ name }) => ['--rcheck', '--update', '--remove'].includes(name));
    // `--set` always matches (recent_mt).
    if (!asks) return tests(() => true);
    return unknown('which addresses were seen lately is not in a snapshot', asks.not);
  },
};

/** Matches on how much there was before: taken as not too much. */
function limited(
  options: Record<string, number>,
  isOver: (names: readonly string[]) => boolean,
): MatchExtension {
  return {
    options,
    compile: (given) => {
      const names = given.map(({ name, not }) => (not ? `! ${name}` : name));
      return unknown('how much of it there was is not known', !isOver(names));
    },
  };
}

const limit = limited({ '--limit': 1, '--limit-burst': 1 }, () => false);
const hashlimit = limited(
  {
    '--hashlimit-upto': 1,
    '--hashlimit-above': 1,
    '--hashlimit': 1,
    '--hashlimit-burst': 1,
    '--hashlimit-mode': 1,
    '--hashlimit-srcmask': 1,
    '--hashlimit-dstmask': 1,
    '--hashlimit-name': 1,
    '--hashlimit-htable-size': 1,
    '--hashlimit-htable-max': 1,
    '--hashlimit-htable-expire': 1,
    '--hashlimit-htable-gcinterval': 1,
    '--hashlimit-rate-match': 0,
    '--hashlimit-rate-interval': 1,
  },
  (names) => names.includes('--hashlimit-above') || names.includes('! --hashlimit-upto'),
);
const connlimit = limited(
  {
    '--connlimit-upto': 1,
    '--connlimit-above': 1,
    '--connlimit-mask': 1,
    '--connlimit-saddr': 0,
    '--connlimit-daddr': 0,
  },
  (names) => names.includes('--connlimit-above') || names.includes('! --connlimit-upto'),
);
const quota = limited({ '--quota': 1 }, (names) => names.includes('! --quota'));

export const HISTORY_MATCHES: Readonly<Record<string, MatchExtension>> = {
  recent,
  limit,
  hashlimit,
  connlimit,
  quota,
};
