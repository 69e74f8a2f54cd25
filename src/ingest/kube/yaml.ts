import { loadAll } from 'js-yaml';

/** An alias repeated within another without end would make a small text fill the memory; Kubernetes writes none. */
const MOST_ALIASES = 20;

/** The documents of a YAML text. @throws YAMLException of js-yaml */
export function yamlDocuments(text: string): unknown[] {
  return loadAll(text, { maxAliases: MOST_ALIASES });
}

/** What a ConfigMap's text holds, parsed; null where it is no YAML. */
export function parseYaml(text: string): unknown {
  try {
    return yamlDocuments(text)[0] ?? null;
  } catch {
    return null;
  }
}
