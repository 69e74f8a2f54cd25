/** Colours of `ip -c=always`. */
const COLOUR = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*[mK]`, 'g');

const FENCE = /^\s*(?:```|~~~)/;
/** What was typed, as it stands above what it printed: behind a prompt, or alone. */
const COMMAND =
  /^(?:\S.{0,80}?[#$%>]\s+|[#$%>+]\s*)?(?:sudo\s+)?(?:\S*\/)?(?:ip|sysctl|nstat|netstat|busybox)\s+(?![=:])/;
const BARE_PROMPT = /^(?:\[.*\]|[a-z][\w.-]*[@:]\S*)\s?[#$]\s*$/i;

/**
 * What a command printed, out of a terminal's session or a Markdown page: prompts, the command itself, fences and
 * colours are gone. The lines keep their numbers.
 */
export function outputOf(session: string): string {
  return session
    .replace(COLOUR, '')
    .split('\n')
    .map((line) => (isOfSession(line) ? '' : line))
    .join('\n');
}

/** No line that was typed is long, and a listing in JSON is all one line. */
const LONGEST = 250;

function isOfSession(line: string): boolean {
  return line.length <= LONGEST && (FENCE.test(line) || COMMAND.test(line) || BARE_PROMPT.test(line));
}

/** Whether it is JSON; a prompt as `[root@node1 ~]#` is none. */
export function isJson(text: string): boolean {
  return /^\s*(?:\{|\[\s*(?:[[{"\]]|$))/.test(text);
}
