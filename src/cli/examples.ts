/** So many columns are left of 80 where help is set in. */
const COLUMNS = 76;
/** An option with its value, or one word; what is quoted is one. */
const PIECES = /(?:--?[\w-]+ (?!-))?(?:'[^']*'|[^\s'])+/g;

/**
 * Examples as a shell takes them when they are copied, for yargs: in two columns it would break them in the middle of
 * words, and the lines would no longer be one command.
 *
 * @param examples each a command, and what it is for
 */
export function shellExamples(...examples: [command: string, about: string][]): [string, string][] {
  return examples.flatMap(([command, about]) =>
    [`# ${about}`, ...lines(command)].map((line): [string, string] => [line, '']),
  );
}

function lines(command: string): string[] {
  const [first = '', ...rest] = command.match(PIECES) ?? [];
  const done: string[] = [];
  let line = first;
  for (const piece of rest) {
    // With the backslash that goes on the line.
    if (line.length + 1 + piece.length + 2 > COLUMNS) {
      done.push(`${line} \\`);
      line = piece;
    } else line += ` ${piece}`;
  }
  return [...done, line];
}
