import type { YAMLException } from 'js-yaml';
import { InputError } from '../../model/errors.js';
import { parseJson } from '../snapshot/json.js';
import { yamlDocuments } from './yaml.js';

/**
 * Parses Kubernetes objects as `kubectl get -o json` or `-o yaml` prints them, told by content: one, a list, or several
 * documents of YAML, which become an array.
 *
 * @throws InputError naming the file and, where the parser tells it, the place
 */
export function readObjects(text: string, file: string): unknown {
  if (/^\s*[[{]/.test(text)) return parseJson(text, file);
  const values = readYaml(text, file).filter((value) => value !== null);
  if (!values.every((value) => typeof value === 'object')) {
    throw new InputError(file, null, 'holds no object of Kubernetes, as `kubectl get -o json` prints one');
  }
  return values.length === 1 ? values[0] : values;
}

function readYaml(text: string, file: string): unknown[] {
  try {
    return yamlDocuments(text);
  } catch (error) {
    const { reason, mark } = error as YAMLException;
    const offset = mark ? Buffer.byteLength(text.slice(0, mark.position)) : null;
    throw new InputError(file, offset, `neither JSON nor YAML (${reason})`);
  }
}
