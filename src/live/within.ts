import { mapTexts } from '../model/texts.js';

/**
 * A value with the files below a directory named from it on, in whatever it says of them: nobody can go and look in a
 * directory that is gone.
 */
export function withinDirectory<T>(value: T, directory: string): T {
  const prefix = `${directory}/`;
  return mapTexts(value, (text) => text.replaceAll(prefix, ''));
}
