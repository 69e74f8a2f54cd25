/** WebAssembly modules (`src/wasm/`) and the memory that they lie in, which threads may share. */

/** Pages of 64 KiB, as `src/wasm/build.mjs` has them. */
const INITIAL_PAGES = 16;
const MOST_PAGES = 65535;

/** @param text the module in base64 */
export function compile(text: string): WebAssembly.Module {
  return new WebAssembly.Module(Buffer.from(text, 'base64'));
}

export function createMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MOST_PAGES, shared: true });
}

/** @typeParam Functions what the module exports */
export function instantiate<Functions>(module: WebAssembly.Module, memory: WebAssembly.Memory): Functions {
  const abort = () => {
    throw new Error('the tables of connections are broken');
  };
  return new WebAssembly.Instance(module, { env: { abort, memory } }).exports as Functions;
}
