import { type Token, tokensOf } from './tokens.js';

/** A table's own lines, or one of the things in it. */
export interface Part {
  /** Null for what stands in no table. */
  table: { family: string; name: string } | null;
  /** `chain input`; empty for the table itself. */
  head: readonly Token[];
  /** What stands between the braces, without newlines. */
  lines: readonly (readonly Token[])[];
  /** Within the whole text. */
  start: number;
  /** The text ends before the table does. */
  cut: boolean;
}

/** The parts of a listing, one by one. Never fails. */
export function* eachPart(text: string): Generator<Part> {
  const walk = new Walk(tokensOf(text));
  for (;;) {
    walk.skipEmpty();
    const first = walk.peek();
    if (!first) return;
    const [head, opened] = walk.head();
    const words = head.filter(({ kind }) => kind === 'word' || kind === 'string');
    if (opened && words[0]?.text === 'table' && words.length === 3) {
      yield* tableParts(walk, { family: words[1]!.text, name: words[2]!.text }, first.start);
    } else {
      yield { table: null, head, lines: opened ? walk.body() : [], start: first.start, cut: false };
    }
  }
}

function* tableParts(walk: Walk, table: NonNullable<Part['table']>, start: number): Generator<Part> {
  // Its flags and comment come first.
  let own: Token[][] | null = [];
  for (;;) {
    walk.skipEmpty();
    const first = walk.peek();
    const closes = first?.kind === 'mark' && first.text === '}';
    const [head, opened] = closes || !first ? [[], false] : walk.head();
    if (own && (opened || closes || !first)) {
      yield { table, head: [], lines: own, start, cut: false };
      own = null;
    }
    if (!first) {
      yield { table, head: [], lines: [], start, cut: true };
      return;
    }
    if (closes) {
      walk.at++;
      return;
    }
    if (opened) yield { table, head, lines: walk.body(), start: first.start, cut: false };
    else if (own) own.push(head);
    else yield { table, head, lines: [], start: first.start, cut: false };
  }
}

class Walk {
  at = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  peek(): Token | undefined {
    return this.tokens[this.at];
  }

  skipEmpty(): void {
    while (this.peek() && (ends(this.peek()!) || this.peek()!.kind === 'handle')) this.at++;
  }

  /** Up to the end of the line, or past the brace that opens here. */
  head(): [tokens: Token[], opened: boolean] {
    const tokens: Token[] = [];
    for (; this.peek() && !ends(this.peek()!); this.at++) {
      const token = this.peek()!;
      if (token.kind === 'mark' && token.text === '{') {
        this.at++;
        return [tokens, true];
      }
      tokens.push(token);
    }
    return [tokens, false];
  }

  /** From behind an opening brace past the one that closes it, or to the end. */
  body(): Token[][] {
    const lines: Token[][] = [];
    let line: Token[] = [];
    const endLine = () => {
      if (line.length > 0) lines.push(line);
      line = [];
    };
    let depth = 0;
    for (; this.peek(); this.at++) {
      const token = this.peek()!;
      if (token.kind === 'mark' && token.text === '{') depth++;
      if (token.kind === 'mark' && token.text === '}' && depth-- === 0) {
        this.at++;
        endLine();
        return lines;
      }
      if (!ends(token)) line.push(token);
      else if (depth === 0) endLine();
    }
    endLine();
    return lines;
  }
}

function ends({ kind, text }: Token): boolean {
  return kind === 'newline' || (kind === 'mark' && text === ';');
}
