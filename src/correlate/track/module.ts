/** WebAssembly modules (`src/wasm/`) and the memory that they lie in, which threads may share. */

/** Pages of 64 KiB, as `src/wasm/build.mjs` has them. */
const INITIAL_PAGES = 16;
const MOST_PAGES = 65535;

const compiled = new Map<string, WebAssembly.Module>();

/**
 * Compiles a module once, however often it is made use of.
 *
 * @param text the module in base64
 */
export function compile(text: string): WebAssembly.Module {
  let module = compiled.get(text);
  if (!module) {
    module = new WebAssembly.Module(Buffer.from(text, 'base64'));
    compiled.set(text, module);
  }
  return module;
}

export function createMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MOST_PAGES, shared: true });
}

/**
 * @param text the module in base64
 * @typeParam Functions what the module exports
 */
export function instantiate<Functions>(text: string, memory: WebAssembly.Memory): Functions {
  const abort = () => {
    throw new Error('the tables of connections are broken');
  };
  return new WebAssembly.Instance(compile(text), { env: { abort, memory } }).exports as Functions;
}
