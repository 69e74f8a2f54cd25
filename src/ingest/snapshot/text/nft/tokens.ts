/** The words of `nft list ruleset`. */

export interface Token {
  /**
   * `mark`: one of `{}(),;`; `string`: was in quotes; `handle`: of `# handle 5`; `xt`: a match or target of
   * iptables-nft, of which there is a name at most.
   */
  kind: 'word' | 'string' | 'mark' | 'newline' | 'handle' | 'xt';
  text: string;
  /** Within the whole text. */
  start: number;
  end: number;
}

const TOKEN = new RegExp(
  [
    /(?<newline>\n)/,
    /"(?<string>[^"\n]*)"/,
    // Octets by place: the commas belong to the word.
    /(?<raw>@[a-z]+,\d+,\d+)/,
    /(?<mark>[{}(),;])/,
    /#\s*handle (?<handle>\d+)/,
    // Versions before 1.0.7 say `# xt_tcp`, older ones `# match tcp`; the rule goes on behind it.
    /#\s*(?:xt_|match |target )(?<oldXt>[\w-]+)/,
    // A comment has its own line.
    /(?<=^[ \t]*)#(?<comment>[^\n]*)/,
    /\bxt (?:match|target) "(?<xt>[^"\n]*)"/,
    /(?<word>[^\s{}(),;"#]+)/,
    /(?<stray>["#])/,
  ]
    .map((part) => part.source)
    .join('|'),
  'gm',
);

/** @returns the tokens in their order; comments are left out */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  for (const found of text.matchAll(TOKEN)) {
    const { newline, string, raw, mark, handle, oldXt, xt, word, stray } = found.groups!;
    const start = found.index;
    const add = (kind: Token['kind'], said: string) =>
      void tokens.push({ kind, text: said, start, end: start + found[0].length });
    if (newline !== undefined) add('newline', '\n');
    else if (string !== undefined) add('string', string);
    else if (raw !== undefined) add('word', raw);
    else if (mark !== undefined) add('mark', mark);
    else if (handle !== undefined) add('handle', handle);
    else if ((oldXt ?? xt) !== undefined) add('xt', (oldXt ?? xt)!);
    else if ((word ?? stray) !== undefined) add('word', (word ?? stray)!);
  }
  return tokens;
}

/** What stands here is not as this reader knows it. */
export class Unread extends Error {}

/** A place among tokens. */
export class Cursor {
  readonly tokens: readonly Token[];
  at = 0;
  private readonly replaced: { at: number; token: Token }[] = [];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** Undefined behind the end. */
  peek(ahead = 0): Token | undefined {
    const replaced = this.replaced.at(-1);
    if (replaced && replaced.at === this.at + ahead) return replaced.token;
    return this.tokens[this.at + ahead];
  }

  get ended(): boolean {
    return this.at >= this.tokens.length;
  }

  /** What comes next. @throws Unread behind the end */
  current(): Token {
    const token = this.peek();
    if (!token) throw new Unread('it ends early');
    return token;
  }

  next(): Token {
    const token = this.current();
    this.at++;
    return token;
  }

  /** Whether this bare word or mark comes next. */
  is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token !== undefined && token.text === text && (token.kind === 'word' || token.kind === 'mark');
  }

  /** Goes past the word where it comes next. */
  take(text: string): boolean {
    if (!this.is(text)) return false;
    this.at++;
    return true;
  }

  /** Goes past the first of these that comes next, and gives it; null where none does. */
  takeOne(texts: ReadonlySet<string>): string | null {
    const token = this.peek();
    if (token?.kind !== 'word' || !texts.has(token.text)) return null;
    this.at++;
    return token.text;
  }

  expect(text: string): void {
    if (!this.take(text)) throw new Unread(`no ${text}`);
  }

  /** A bare word or a string. */
  name(): string {
    const { kind, text } = this.next();
    if (kind !== 'word' && kind !== 'string') throw new Unread(`${text} is no name`);
    return text;
  }

  number(): number {
    const said = this.name();
    if (!/^(\d+|0x[0-9a-f]+)$/i.test(said)) throw new Unread(`${said} is no number`);
    return Number(said);
  }

  /** Goes past the first `length` characters of the next word, which is two in one: `10.0.0.1:udp`. */
  split(length: number): void {
    const token = this.current();
    const rest = { ...token, text: token.text.slice(length), start: token.start + length };
    if (rest.text === '') this.at++;
    else this.replaced.push({ at: this.at, token: rest });
  }
}
