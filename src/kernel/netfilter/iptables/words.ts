/** One option of a match or target with its values: `! --ctstate INVALID`. */
export interface Option {
  name: string;
  not: boolean;
  values: string[];
}

/** A rule taken apart, nothing of it understood yet. */
export interface RuleWords {
  /** `-s`, `-d`, `-i`, `-o`, `-p`, `-f`, by these names. */
  header: Option[];
  matches: { name: string; options: Option[] }[];
  target: { name: string; goto: boolean; options: Option[] } | null;
}

/** How many values each option of a match takes; null where the match is not known. */
export type Arity = (match: string) => Readonly<Record<string, number>> | null;

interface Word {
  text: string;
  /** So that it can be no option. */
  quoted: boolean;
}

const HEADER: Readonly<Record<string, string>> = {
  '-s': '-s',
  '--source': '-s',
  '--src': '-s',
  '-d': '-d',
  '--destination': '-d',
  '--dst': '-d',
  '-i': '-i',
  '--in-interface': '-i',
  '-o': '-o',
  '--out-interface': '-o',
  '-p': '-p',
  '--protocol': '-p',
  '--proto': '-p',
  '-f': '-f',
  '--fragment': '-f',
};

/** Takes a rule's line apart: `-A CHAIN …`. */
export function parseRule(line: string, arity: Arity): RuleWords {
  const reader = new WordReader(splitWords(line).slice(2));
  const rule: RuleWords = { header: [], matches: [], target: null };
  let not = false;
  let inTarget = false;
  for (let word = reader.next(); word !== null; word = reader.next()) {
    if (word === '!') {
      not = true;
      continue;
    }
    const header = HEADER[word];
    if (header) {
      rule.header.push(reader.option(header, not, header === '-f' ? 0 : 1));
    } else if (word === '-m' || word === '--match') {
      rule.matches.push({ name: reader.next() ?? '', options: [] });
      inTarget = false;
    } else if (word === '-j' || word === '--jump' || word === '-g' || word === '--goto') {
      rule.target = { name: reader.next() ?? '', goto: word === '-g' || word === '--goto', options: [] };
      inTarget = true;
    } else if (word === '-c' || word === '--set-counters') {
      reader.option(word, false, 2);
    } else if (inTarget) {
      rule.target!.options.push(reader.option(word, not, null));
    } else {
      const { match, values } = ownerOf(rule, word, arity);
      match.options.push(reader.option(word, not, values));
    }
    not = false;
  }
  return rule;
}

/**
 * The match that an option belongs to: the last one named that has it, or that of the protocol, which needs no `-m`.
 */
function ownerOf(
  rule: RuleWords,
  option: string,
  arity: Arity,
): { match: RuleWords['matches'][number]; values: number | null } {
  for (const match of [...rule.matches].reverse()) {
    const known = arity(match.name);
    if (known === null) return { match, values: null };
    if (Object.hasOwn(known, option)) return { match, values: known[option]! };
  }
  const protocol = rule.header.find(({ name }) => name === '-p')?.values[0] ?? '';
  const implied = arity(protocol);
  const fits = implied !== null && Object.hasOwn(implied, option);
  const match = { name: fits ? protocol : option, options: [] };
  rule.matches.push(match);
  return { match, values: fits ? implied[option]! : null };
}

class WordReader {
  private readonly words: readonly Word[];
  private at = 0;

  constructor(words: readonly Word[]) {
    this.words = words;
  }

  next(): string | null {
    return this.words[this.at++]?.text ?? null;
  }

  /** @param count of values; null: up to the next word that looks like an option */
  option(name: string, not: boolean, count: number | null): Option {
    const option: Option = { name, not, values: [] };
    // Before 1.4.3 the exclamation mark stood behind the option.
    if (count !== 0 && this.words[this.at]?.text === '!' && !this.words[this.at]!.quoted) {
      option.not = true;
      this.at++;
    }
    while (count === null ? this.isValue() : option.values.length < count) {
      const value = this.next();
      if (value === null) break;
      option.values.push(value);
    }
    return option;
  }

  private isValue(): boolean {
    const word = this.words[this.at];
    return word !== undefined && (word.quoted || !/^(-|!$)/.test(word.text));
  }
}

/** As iptables-restore does: in quotes, a backslash takes the next character for itself. */
function splitWords(line: string): Word[] {
  const words: Word[] = [];
  for (const match of line.matchAll(/"((?:[^"\\]|\\.)*)"?|(\S+)/g)) {
    const [, inQuotes, plain] = match;
    if (plain !== undefined) words.push({ text: plain, quoted: false });
    else words.push({ text: inQuotes!.replace(/\\(.)/g, '$1'), quoted: true });
  }
  return words;
}
