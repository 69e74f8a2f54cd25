/**
 * A plugin for esbuild: modules whose only export is a default function are loaded when it is called first.
 *
 * @param {{ modules: string[], importer: RegExp }} options their names, and whose imports of them to defer
 * @returns {import('esbuild').Plugin}
 */
export function deferred({ modules, importer }) {
  const filter = new RegExp(`^(${modules.join('|')})$`);
  return {
    name: 'deferred',
    setup(build) {
      build.onResolve({ filter }, async ({ path, pluginData, ...rest }) => {
        if (pluginData === 'resolved' || !importer.test(rest.importer)) return undefined;
        const resolved = await build.resolve(path, { ...rest, pluginData: 'resolved' });
        return resolved.errors.length > 0 ? resolved : { path: resolved.path, namespace: 'deferred' };
      });
      build.onLoad({ filter: /./, namespace: 'deferred' }, ({ path }) => ({
        contents: `export default (...args) => require(${JSON.stringify(path)}).default(...args);`,
        resolveDir: '/',
      }));
    },
  };
}
