import { readdir, readFile } from 'node:fs/promises';

/**
 * The licences of the packages that a bundle was made of, as they ask to be given with every copy.
 *
 * @param {string[]} inputs the paths of the bundle's sources
 * @throws Error where a package has no licence text
 */
export async function notices(inputs) {
  // A virtual module's path has its namespace and a colon before it.
  const directories = new Set(
    inputs.flatMap((path) => /^[^:]*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []),
  );
  const texts = await Promise.all([...directories].sort().map(notice));
  return [...new Set(texts)].join(`\n${'-'.repeat(80)}\n\n`);
}

async function notice(directory) {
  const { name, version, license } = JSON.parse(await readFile(`${directory}/package.json`, 'utf8'));
  const file = (await readdir(directory)).find((entry) => /^licen[cs]e/i.test(entry));
  if (!file) throw new Error(`${name} has no licence text`);
  return `${name} ${version} (${license})\n\n${await readFile(`${directory}/${file}`, 'utf8')}`;
}
