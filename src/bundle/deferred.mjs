/**
 * A plugin for esbuild: modules of which only functions are used are loaded when one of these is called first.
 *
 * @param {Record<string, string[]>} modules the functions that are imported, by the module's name
 * @param {RegExp} importer whose imports of them to defer; all others stay as they are
 * @returns {import('esbuild').Plugin}
 */
export function deferred(modules, importer) {
  const filter = new RegExp(`^(${Object.keys(modules).join('|')})$`);
  return {
    name: 'deferred',
    setup(build) {
      build.onResolve({ filter }, async ({ path, pluginData, ...rest }) => {
        if (pluginData === 'resolved' || !importer.test(rest.importer)) return undefined;
        const resolved = await build.resolve(path, { ...rest, pluginData: 'resolved' });
        if (resolved.errors.length > 0) return resolved;
        return { path: resolved.path, namespace: 'deferred', pluginData: modules[path] };
      });
      build.onLoad({ filter: /./, namespace: 'deferred' }, ({ path, pluginData: names }) => ({
        contents: names.map((name) => stub(name, path)).join('\n'),
        resolveDir: '/',
      }));
    },
  };
}

function stub(name, path) {
  const head = name === 'default' ? 'export default' : `export const ${name} =`;
  return `${head} (...args) => require(${JSON.stringify(path)}).${name}(...args);`;
}
