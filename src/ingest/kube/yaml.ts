import { parse } from 'yaml';

/** What a ConfigMap's text holds, parsed; null where it is no YAML. */
export function parseYaml(text: string): unknown {
  try {
    // An alias repeated without end would make a small text fill the memory: the parser's own bound stands.
    return parse(text, { logLevel: 'silent' });
  } catch {
    return null;
  }
}
