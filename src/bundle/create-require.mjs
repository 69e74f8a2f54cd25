/** Stands in for what yargs asks of `node:module` at its start and does not use: the module is loaded when it is used. */
export function createRequire(from) {
  return (name) => process.getBuiltinModule('node:module').createRequire(from)(name);
}
