/** How dumps of other tools are read: a layout says which of their files stand in for which files of a bundle. */
import type { Snapshot } from '../../model/snapshot.js';
import type { BundlePath } from '../bundle-path.js';

/** What a file of a dump stands in for. */
export interface Placement extends BundlePath {
  /** Of the node whose it is, where the path says so; else null. */
  node: string | null;
  /** Of several files for one name, those of the highest rank count. */
  rank: number;
  /** All files of that rank are parts of one listing, in the order of their paths. */
  isPart: boolean;
  /** A copy of a node's file system has it as well: it does not tell that it is a dump of the layout. */
  isCommon: boolean;
}

/** A file of a dump as its layout takes it. */
export interface Taken {
  placements: Placement[];
  /** What to put in place of its text; null where it stays as it is. */
  convert: ((text: string) => string | ReadonlyMap<string, string>) | null;
}

export interface Layout {
  /** As messages name it: `sosreport`. */
  name: string;
  /** With its article, for sentences: `a sosreport`. */
  called: string;
  /** Whether it tells of one node, or of the cluster alone. */
  scope: 'node' | 'cluster';
  /** Files of a bundle for which no dump of the layout has anything. */
  lacks: readonly string[];
  /** What else has to be known of all such dumps, a clause each. */
  notes?: readonly string[];
  /** What has to be known of this one, a clause; null where nothing does. */
  remark?: (snapshot: Snapshot) => string | null;
  /** The node's name, by that of the dump's directory or archive, where nothing in it tells; that name where not given. */
  nodeName?: (name: string) => string;
  /** @returns null where the path is none that the layout takes */
  take(path: string): Taken | null;
}

/**
 * A file of a layout. In `path`, which begins below the dump's root, `{name}` stands for a part of a name, and for
 * the same one where it is said again; `{name**}` may go over several directories; and `*` is any part of a name.
 * `netns` and `node` are the names of what they say.
 */
export interface Rule {
  path: string;
  /** Names in the bundle, with `{name}` as in `path`, and `{path}` for all of it with `_` between its parts. */
  to: string | readonly string[];
  /** 0 where not given. */
  rank?: number;
  isPart?: true;
  isCommon?: true;
  /**
   * What to put in place of the text. Text of its own for each name in `to` is a map by name; what it lacks is absent.
   *
   * @param names what the parts of the path in braces stood for
   */
  convert?: (text: string, names: Readonly<Record<string, string>>) => string | ReadonlyMap<string, string>;
}

/** The file that names a dump's node, in place of `node.json`: what `hostname` prints. */
export const HOSTNAME = 'hostname';

interface Matcher {
  rule: Rule;
  /** What every path that fits ends with: told faster than by the expression. */
  end: string;
  expression: RegExp;
}

/** A layout by its rules; the first that fits a path counts. */
export function layoutOf({ rules, ...about }: Omit<Layout, 'take'> & { rules: readonly Rule[] }): Layout {
  const matchers = rules.map(matcherOf);
  return {
    ...about,
    take(path) {
      for (const { rule, end, expression } of matchers) {
        if (!path.endsWith(end)) continue;
        const groups = expression.exec(path)?.groups;
        if (groups) return takenBy(rule, groups);
      }
      return null;
    },
  };
}

function takenBy(rule: Rule, groups: Readonly<Record<string, string>>): Taken {
  const { root: top = '', path = '', netns = null, node = null } = groups;
  // Of a dump of several nodes, each has a root of its own.
  const root = node === null ? top : [top, node].filter((part) => part !== '').join('/');
  const { to, rank = 0, isPart = false, isCommon = false, convert } = rule;
  const names = typeof to === 'string' ? [to] : to;
  return {
    placements: names.map((name) => ({
      ...{ root, netns, node, rank, isPart, isCommon },
      name: name.replace(/\{(\w+)\}/g, (_, group: string) =>
        group === 'path' ? path.replaceAll('/', '_') : (groups[group] ?? ''),
      ),
    })),
    convert: convert ? (text) => convert(text, groups) : null,
  };
}

const PLACEHOLDER = /(\{\w+(?:\*\*)?\}|\*)/;

function matcherOf(rule: Rule): Matcher {
  const known = new Set<string>();
  const parts = rule.path.split(PLACEHOLDER).map((part) => {
    if (part === '*') return '[^/]*';
    const [, name, deep] = /^\{(\w+)(\*\*)?\}$/.exec(part) ?? [];
    if (name === undefined) return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    if (known.has(name)) return `\\k<${name}>`;
    known.add(name);
    return deep ? `(?<${name}>.+)` : `(?<${name}>[^/]+)`;
  });
  return {
    rule,
    end: rule.path.split(PLACEHOLDER).at(-1)!,
    expression: new RegExp(`^(?:(?<root>.*)/)?(?<path>${parts.join('')})$`),
  };
}
